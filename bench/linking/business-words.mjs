/**
 * What the made catalog is made of: twenty departments of a group of companies, the things each keeps, and what is known of
 * them. A line is `thing~in other words > things it refers to: attribute~in other words=value|value …`.
 */
export const DEPARTMENTS = `
sales plural
customer~client: full_name~who_they_are email credit_limit~allowed_credit signup_date~day_they_joined segment=wholesale|retail|online
quotation~offer > customer,sales_agent: quoted_amount~offered_sum expiry_date~last_valid_day discount_rate~price_reduction
sales_order~purchase > customer,quotation: order_date~when_it_was_placed net_amount~amount_before_tax delivery_mode=courier|pickup|freight
sales_invoice~bill > sales_order: due_date~payment_deadline gross_amount~amount_with_tax outstanding_balance~still_unpaid_sum
sales_agent~seller > sales_territory: agent_name commission_rate~cut_per_deal quota_amount~sales_goal
sales_territory~selling_area: territory_name region_manager~who_runs_it country_name
price_agreement~negotiated_tariff > customer: agreed_price~settled_rate start_date minimum_quantity~smallest_lot

procurement prefixed pur
supplier~vendor: supplier_name tax_number~fiscal_id payment_terms~settlement_conditions rating_score~evaluation
requisition~purchase_request > buyer: requested_date needed_by_date~latest_arrival estimated_cost~expected_spend
purchase_order~procurement_order > supplier,requisition: issue_date total_amount~overall_sum currency_code
goods_receipt~incoming_delivery > purchase_order: received_date~arrival_day received_quantity~units_taken_in damage_grade=intact|dented|destroyed
vendor_invoice~supplier_bill > purchase_order: invoice_amount~billed_sum booking_date approval_state=parked|released|disputed
buyer~purchasing_officer: buyer_name spending_limit~approval_ceiling office_location
tender~call_for_bids > buyer: opening_date closing_date~submission_deadline bid_count~offers_received

inventory abbreviated
warehouse~depot: warehouse_name floor_area~square_metres city_name
product~article > product_category: product_name unit_price~cost_each shelf_life~days_until_spoiled
product_category~merchandise_group: category_name parent_category storage_class=ambient|chilled|frozen
stock_level~quantity_on_hand > product,warehouse: available_quantity~units_left reorder_point~refill_threshold count_date
stock_movement~transfer > product,warehouse: movement_date moved_quantity~shifted_units movement_reason=restock|scrap|relocation
batch~lot > product: batch_number production_date expiry_date~best_before
cycle_count~stocktaking > warehouse: counted_quantity~tallied_units variance_amount~discrepancy

manufacturing camel
plant~factory: plant_name annual_capacity~yearly_output country_name
machine~equipment > plant: machine_name install_date~commissioning_day operating_hours~runtime
work_order~production_job > machine,bill_of_material: planned_start target_quantity~units_to_make priority_level=rush|normal|idle
bill_of_material~recipe: revision_number component_count~number_of_parts yield_rate
quality_inspection~quality_check > work_order: inspection_date defect_count~faults_found verdict=passed|rework|rejected
downtime_event~stoppage > machine: started_at ended_at cause_text~why_it_stopped
operator~line_worker > plant: operator_name certification_level~qualification shift_pattern

hr abbreviated
employee~staff_member > department,job_position: employee_name hire_date~first_day_at_work birth_date base_salary~fixed_pay
department~organizational_unit: department_name cost_center budget_amount~money_allotted
job_position~role: position_title pay_grade~salary_band headcount_plan
leave_request~time_off > employee: start_date end_date leave_type=vacation|sickness|parental
performance_review~appraisal > employee: review_date overall_rating~assessment reviewer_name
training_course~learning_program: course_title duration_hours~how_long_it_takes provider_name
training_enrollment~course_participation > employee,training_course: enrolled_date exam_score~test_result completion_date

payroll prefixed pay
pay_run~salary_round: period_start period_end run_total~sum_paid_out
payslip~wage_statement > pay_run,payee: gross_pay~earnings_before_deductions net_pay~take_home_money paid_date
payee~wage_earner: payee_name bank_account~where_money_goes tax_code
deduction~withholding > payslip: deduction_amount~sum_held_back deduction_reason=pension|union|garnishment
overtime_claim~extra_hours > payee: claimed_hours worked_date hourly_rate~pay_per_hour
bonus_award~gratification > payee: bonus_amount award_date award_reason
tax_bracket~levy_band: lower_bound upper_bound levy_rate~share_taken

finance abbreviated
ledger_account~bookkeeping_account: account_name account_class normal_side
journal_entry~posting > ledger_account,fiscal_period: posting_date debit_amount credit_amount
fiscal_period~accounting_month: period_name opening_date closing_date~when_books_close
bank_statement~account_extract > bank_account: statement_date closing_balance~final_funds
bank_account~deposit_account: bank_name account_number overdraft_limit~permitted_overdraw
fixed_asset~capital_good > ledger_account: asset_name acquisition_cost~what_was_paid_for_it useful_life~years_of_use
budget_line~planned_spend > ledger_account,fiscal_period: planned_amount revised_amount approval_date

fleet plural
vehicle~car > vehicle_model: plate_number mileage_total~distance_driven fuel_type=diesel|petrol|electric
vehicle_model~car_make: maker_name model_year seat_count~places
driver~chauffeur: driver_name licence_number licence_expiry~when_permit_runs_out
trip~journey > vehicle,driver: departure_time arrival_time distance_km~how_far
fuel_purchase~refuelling > vehicle: litres_filled~volume_tanked price_paid station_name
vehicle_service~workshop_visit > vehicle: service_date service_cost~repair_bill garage_name
traffic_fine~penalty_ticket > driver,vehicle: offence_date fine_amount~sum_to_pay offence_text

facilities camel
site~premises: site_name postal_code total_area
building~structure > site: building_name floor_count~storeys construction_year~when_it_was_built
room~space > building: room_number seating_capacity~how_many_fit room_use=office|laboratory|storage
lease~tenancy > building,tenant: monthly_rent~rent_per_month lease_start lease_end
tenant~renter: tenant_name contact_email industry_name
repair_request~maintenance_call > room: reported_date urgency=critical|routine|cosmetic repair_cost
utility_meter~consumption_gauge > building: meter_number last_reading~latest_count reading_date

healthcare plural
patient~sick_person: patient_name birth_date blood_group insurance_number
physician~doctor > ward: physician_name medical_specialty~field_of_medicine licence_number
ward~hospital_unit: ward_name bed_count~beds floor_number
admission~hospital_stay > patient,ward: admitted_date discharged_date~day_of_leaving admission_reason
prescription~medication_order > patient,physician,drug: dosage_text prescribed_date refill_count~renewals
drug~medicine: generic_name strength_text drug_form=tablet|syrup|ointment
lab_test~laboratory_analysis > patient: sample_date measured_value~finding reference_range

education prefixed edu
pupil~learner > school_class: pupil_name enrolment_date guardian_name~parent
school_class~group_of_pupils > class_teacher: class_name grade_level~year_of_schooling room_label
class_teacher~educator: teacher_name subject_taught~discipline weekly_hours
exam_paper~test > school_class: exam_date maximum_points~highest_mark
exam_result~mark > pupil,exam_paper: points_scored~marks_achieved grade_letter retake_flag
scholarship~stipend > pupil: granted_amount sponsor_name award_year
absence_record~missed_day > pupil: absence_date absence_kind=excused|unexcused|late

hospitality plural
hotel~inn: hotel_name star_rating~stars city_name
hotel_room~accommodation > hotel: room_label nightly_rate~price_per_night bed_type=single|double|suite
guest~visitor: guest_name nationality loyalty_points~rewards
reservation~booking > guest,hotel_room: check_in_date~arrival_day check_out_date party_size~number_of_people
minibar_charge~room_extra > reservation: charge_amount item_name charged_on
housekeeping_task~cleaning_job > hotel_room: scheduled_time cleaner_name finished_time
guest_feedback~opinion_of_stay > reservation: satisfaction_score~how_happy comment_text

insurance abbreviated
policyholder~insured_person: holder_name birth_date occupation_name~job
insurance_policy~cover > policyholder,insurance_product: premium_amount~regular_payment start_date sum_insured~maximum_payout
insurance_product~tariff_line: product_title risk_class=low|elevated|extreme launch_year
claim~damage_report > insurance_policy: incident_date claimed_amount~requested_compensation settled_amount~compensation_granted
adjuster~loss_assessor: adjuster_name region_name caseload_count~open_files
claim_assessment~damage_survey > claim,adjuster: survey_date estimated_loss~guessed_damage
broker_contract~intermediary_deal > insurance_product: broker_name brokerage_rate~intermediary_share

banking camel
account_holder~depositor: holder_name residence_city risk_rating
deposit_account~savings_book > account_holder,bank_branch: current_balance~money_in_it interest_rate~yield opened_date
bank_branch~counter_office: branch_name branch_city employee_count~people_working_there
loan~credit > account_holder: principal_amount~borrowed_sum term_months~length_of_term loan_purpose=housing|vehicle|studies
instalment~repayment > loan: instalment_date instalment_amount late_fee~charge_for_delay
card~payment_card > deposit_account: card_network valid_through daily_limit~most_per_day
card_payment~swipe > card: merchant_name paid_amount~money_spent payment_time

telecom abbreviated
subscriber~line_owner: subscriber_name activation_date~start_of_service home_region
phone_line~connection > subscriber,tariff_plan: phone_number sim_serial line_state=active|suspended|ported
tariff_plan~price_plan: plan_name monthly_fee~charge_per_month data_allowance~included_gigabytes
call_record~conversation > phone_line: call_start call_seconds~talk_time dialled_number
cell_tower~antenna_mast: tower_code latitude_degrees longitude_degrees
outage_report~service_failure > cell_tower: outage_start restored_at~end_of_failure affected_lines~people_cut_off
roaming_charge~abroad_fee > phone_line: visited_country roaming_cost

energy prefixed nrg
power_station~generating_plant: station_name rated_output~megawatts energy_source=hydro|solar|wind
grid_meter~electricity_counter > consumer_site: serial_number installed_on meter_reading~count
consumer_site~supply_point: site_address contract_load~agreed_power consumer_name
generation_log~hourly_output > power_station: log_hour produced_energy~kilowatt_hours
grid_fault~blackout > transmission_line: fault_time duration_minutes~how_long_it_lasted
transmission_line~overhead_cable: line_label voltage_level~volts length_km
energy_tariff~electricity_price: tariff_label price_per_unit valid_from

marketing plural
campaign~advertising_drive > campaign_manager: campaign_title launch_date campaign_budget~money_for_ads channel_kind=radio|print|social
campaign_manager~marketer: manager_name team_label seniority_level
lead~prospect > campaign: lead_name captured_date conversion_chance~likelihood_to_buy
newsletter_issue~mailing > campaign: subject_line sent_time open_rate~share_of_readers
survey~questionnaire: survey_title closing_date respondent_count~people_who_answered
survey_answer~response > survey: answer_text given_date answer_score
sponsorship~patronage > campaign: beneficiary_name sponsored_amount~money_given season_label

support camel
support_ticket~help_request > support_agent,service_product: opened_at resolved_at~when_it_was_solved severity=blocker|major|trivial
support_agent~helpdesk_worker > support_team: agent_name languages_spoken~tongues hired_on
support_team~helpdesk_group: team_name escalation_email shift_hours
ticket_reply~answer_to_request > support_ticket: reply_text replied_at reply_channel
service_product~supported_software: software_name current_version support_until~end_of_support
knowledge_article~help_page > service_product: article_title view_count~times_read last_edited
satisfaction_poll~happiness_rating > support_ticket: poll_score polled_at

legal prefixed leg
court_case~lawsuit > law_firm: case_title filing_date amount_in_dispute~contested_sum case_outcome=won|lost|settled
law_firm~attorneys_office: firm_name hourly_fee~price_of_an_hour city_name
hearing~court_session > court_case: hearing_date judge_name courtroom_label
agreement~contract > counterparty: signed_date termination_date~when_it_ends contract_value~worth
counterparty~other_side: party_name registration_number seat_country
trademark~protected_name: mark_text registered_on renewal_date~prolongation
compliance_finding~breach > agreement: finding_date penalty_amount remedy_text

logistics plural
shipment~consignment > carrier,freight_route: shipped_date delivered_date~day_of_arrival freight_cost~transport_expense
carrier~haulier: carrier_name fleet_size~number_of_trucks carrier_mode=road|rail|sea
freight_route~transport_path: origin_port destination_port transit_days~days_underway
container~freight_box > shipment: container_number tare_weight~empty_mass seal_number
customs_declaration~border_paper > shipment: declared_value duty_amount~import_tax declared_on
dock_appointment~loading_slot > carrier: slot_start gate_number waiting_minutes~idle_time
delivery_proof~receipt_signature > shipment: signer_name signed_at package_condition

events camel
event~gathering > venue: event_title event_date attendance_count~people_who_came
venue~place_of_event: venue_name standing_capacity~how_many_can_stand city_name
performer~artist: stage_name home_country performance_fee~money_per_show
event_booking~engagement > event,performer: set_start set_length agreed_fee
admission_ticket~entry_pass > event,attendee: seat_label ticket_price~entrance_fee ticket_tier=balcony|floor|backstage
attendee~spectator: attendee_name age_years contact_phone
merchandise_sale~fan_article_sale > event: article_name units_sold~pieces revenue_amount~takings
`.trim();

/** What keepers of schemas cut words down to. */
export const SHORT_FORMS = {
  number: 'no',
  amount: 'amt',
  quantity: 'qty',
  date: 'dt',
  department: 'dept',
  employee: 'emp',
  account: 'acct',
  product: 'prod',
  category: 'cat',
  warehouse: 'whse',
  position: 'pos',
  movement: 'mvmt',
  insurance: 'ins',
  policy: 'pol',
  premium: 'prem',
  assessment: 'assmt',
  performance: 'perf',
  training: 'trng',
  balance: 'bal',
  journal: 'jrnl',
  ledger: 'ldgr',
  subscriber: 'subs',
  request: 'req',
  description: 'desc',
  level: 'lvl',
  reference: 'ref',
  document: 'doc',
  history: 'hist',
  statement: 'stmt',
  maximum: 'max',
  minimum: 'min',
  number_of: 'num',
};

/** Relations that stand beside every thing, with their columns: what makes a catalog large and its names alike. */
export const COMPANIONS = [
  ['status_history', ['old_status', 'new_status', 'changed_at', 'changed_by']],
  ['note', ['note_text', 'written_by', 'written_at']],
  ['attachment', ['file_name', 'file_size', 'uploaded_at']],
  ['archive', null],
  ['import_error', ['error_text', 'source_line', 'occurred_at']],
  ['approval', ['approver_name', 'decision', 'decided_at']],
  ['monthly_summary', ['month_label', 'record_count', 'total_value']],
];
