/**
 * Whether silence follows the last place of what is given, or more is to come: then the last places only look ahead for those
 * before them, and give no result of their own.
 */
export type Ending = "final" | "more to come";
