import { singular } from '../words.js';

/**
 * Words of business and everyday schemas that people use for one another, a group a line. A word may stand in several
 * groups; words of two parts are found side by side. Written for this purpose, in the singular.
 */
const SAME = `
customer client buyer shopper purchaser patron consumer account_holder
employee worker staff personnel colleague emp employee_member
teacher instructor faculty professor lecturer tutor educator
student pupil learner undergraduate
person people individual human citizen
member participant
user subscriber login
supplier vendor seller provider
manager head boss supervisor chief leader
author writer
artist performer singer musician
physician doctor clinician medic
patient sick_person
nurse caregiver
driver pilot chauffeur
guest visitor
friend buddy companion
company firm business corporation enterprise organization organisation
department division unit dept section
branch shop store outlet
school college university institution academy campus institute
hospital clinic
airport airfield terminal
aircraft airplane plane jet aeroplane
airline carrier
flight air_travel
train railway rail
car vehicle automobile auto
ship boat vessel
movie film motion_picture picture
song track tune music
album record
book volume publication
paper article publication
journal magazine periodical
game match
team squad
player athlete competitor contestant
tournament competition contest championship race
coach trainer
stadium arena venue ground
exhibition exhibit show display
show programme program
theater theatre cinema
museum gallery
restaurant diner eatery
hotel inn lodging
room chamber
apartment flat
building structure house premises edifice
property real_estate estate
mountain peak hill
river stream
country nation land
state province
city town municipality
county district region area
location place site position spot
address residence street living_place
zip zipcode postcode postal_code zip_code
phone telephone tel mobile cell_phone phone_number contact_number
email mail email_address
web website url homepage site
name title label
first_name fname forename given_name firstname
last_name lname surname family_name lastname
middle_name mname
nickname alias
code identifier id key
number num nr no count
gender sex male female man woman
age old young older younger oldest youngest
birth birthday dob born birthdate birthplace
nationality country citizenship
job occupation profession position post role work career
job_title position title rank designation
rank ranking position place standing
salary pay wage earning income earn compensation remuneration
price cost charge fee rate expensive cheap
amount sum value quantity amt
total sum overall
quantity qty number amount count
revenue turnover income sale proceed
profit gain earning
expense expenditure spending cost outlay
budget fund
discount rebate reduction
tax vat duty
order purchase buy bought ordered
order_item line_item order_line item
product item good article merchandise commodity
category kind type class group genre
invoice bill inv
payment pay paid settlement remittance
refund reimbursement money_back
shipment delivery dispatch shipping consignment
warehouse depot stock_room storehouse
inventory stock
account acct
balance remaining_amount
bank lender
loan credit lending
transaction deal trade
investor shareholder
policy insurance insurance_policy
claim demand
contract agreement deal
project undertaking
task assignment activity
meeting appointment
appointment booking reservation
event happening occasion
schedule timetable
class course lesson lecture
course subject class module
enrollment enrolment registration enrolled enroll
grade mark score
score point result mark
degree qualification diploma
major subject specialization
advisor adviser mentor counselor
dormitory dorm hostel residence_hall
club society association
party political_party
election vote poll ballot
candidate nominee applicant contender
government authority
law regulation statute
document file doc paper
report statement
note comment remark
review feedback rating opinion
rating score star grade
complaint grievance ticket
ticket case issue
status state condition stage
date day time when
year yr annum
start begin beginning commence from
end finish finished completion until
open opening opened founded established inaugurated
hire hired recruit recruited hiring
founded established found create built
duration length long time_span runtime
length long size
height tall taller high
weight heavy heavier mass
width wide
depth deep
speed velocity fast
distance far length mileage
elevation altitude height
capacity seat size volume
population inhabitant resident populous people
temperature temp degree
language tongue
religion faith denomination
color colour hue
picture image photo photograph
description detail desc info information
medicine drug medication
disease illness ailment condition
treatment therapy procedure
allergy allergic
gene genome
animal pet creature
dog pup canine
food dish meal cuisine
wine vintage
grape variety
ingredient component
machine device equipment
device gadget
software application app program
version release edition
language speech
message text
percentage percent share pct ratio proportion
average avg mean
maximum max highest top
minimum min lowest
medal award prize
award prize honor honour
winner champion victor win won
loss lose lost defeat
captain leader
manufacturer maker producer brand
brand make
model design
part component
asset possession belonging
fault defect failure
engineer technician
maintenance repair service
service facility
facility amenity
parking park
trip journey travel ride
route path line way
station stop
tourist attraction sight
attraction sight place_of_interest
visit call
channel network broadcaster
director filmmaker
editor reviser
reservation booking
membership subscription
stock share security
currency money
exchange swap
parent father mother
child kid son daughter
spouse wife husband partner
relationship relation
education schooling
skill ability competence
experience background
certificate certification licence license
authorization permission access
password secret passcode
latitude lat
longitude long lng
region area zone territory
continent landmass
neighbor neighbour border
`;

/** A word of a question and the words of schemas that often answer it; not the other way round. */
const LEADS: Readonly<Record<string, string>> = {
  when: 'date time year day',
  where: 'location city address country place',
  who: 'name person',
  whose: 'name',
  named: 'name',
  called: 'name',
  titled: 'title',
  live: 'address city country',
  reside: 'address city',
  locate: 'location city address',
  located: 'location city address',
  earn: 'salary earnings',
  cost: 'price cost',
  expensive: 'price cost',
  cheap: 'price cost',
  cheapest: 'price cost',
  priciest: 'price cost',
  old: 'age birth',
  older: 'age birth',
  oldest: 'age birth',
  young: 'age birth',
  youngest: 'age birth',
  younger: 'age birth',
  tallest: 'height',
  longest: 'length duration',
  shortest: 'length duration height',
  heaviest: 'weight',
  fastest: 'speed time',
  latest: 'date time year',
  newest: 'date year',
  recent: 'date time year',
  recently: 'date time',
  earliest: 'date time year',
  male: 'gender sex',
  female: 'gender sex',
  men: 'gender sex',
  women: 'gender sex',
  boy: 'gender sex',
  girl: 'gender sex',
  married: 'marital status spouse',
  born: 'birth',
  month: 'date',
  unpaid: 'status paid payment',
  overdue: 'due date status',
  late: 'due date delay',
  sold: 'sale order quantity',
  bought: 'order purchase',
  owe: 'balance due amount',
  teach: 'teacher instructor course teaching',
  taught: 'teacher instructor course teaching',
  study: 'student course major',
  play: 'player game',
  serve: 'service',
};

/** As groups say it: what else a word or a phrase (blanks between its words) may be called. */
export const SYNONYMS: ReadonlyMap<string, readonly string[]> = collect();

/** Longest phrase of {@link SYNONYMS}, in words. */
export const LONGEST_SYNONYM = 3;

function collect(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const add = (from: string, to: string) => found.set(from, (found.get(from) ?? new Set()).add(to));
  for (const line of SAME.trim().split('\n')) {
    const group = line.split(' ').map((entry) => entry.split('_').map(singular).join(' '));
    for (const from of group) {
      for (const to of group) {
        if (to !== from) add(from, to.replaceAll(' ', ''));
      }
    }
  }
  for (const [from, to] of Object.entries(LEADS)) {
    for (const word of to.split(' ')) add(from, singular(word));
  }
  return new Map([...found].map(([from, to]) => [from, [...to]]));
}
