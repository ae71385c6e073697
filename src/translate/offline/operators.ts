/** What is computed over rows. */
export type AggregateName = 'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX';

/** How a value is compared. */
export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';
