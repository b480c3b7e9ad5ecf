/** A stretch of one line of a file; all from 1 on. */
export interface LineRegion {
  readonly line: number;
  readonly column: number;
  /** Of the character behind it. */
  readonly endColumn: number;
}

/** The file of a checkout in which reports show findings, because a registry itself is none. */
export interface ReportPlace {
  /** Relative to the root of the checkout, with `/`. */
  readonly path: string;
  /** Where a service is declared there; null: nowhere. */
  regionOf(service: string): LineRegion | null;
}

const FIRST: LineRegion = { line: 1, column: 1, endColumn: 2 };

/** Where a finding about a service, or about none, is shown. */
export function regionFor(place: ReportPlace, service: string | null): LineRegion {
  return (service === null ? null : place.regionOf(service)) ?? FIRST;
}
