/** Whether a text is a day of the calendar as it is written in files: `2026-12-31`. */
export function isDay(text: string): boolean {
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // The 30th of February would be a day in March.
  return !Number.isNaN(atMs) && new Date(atMs).toISOString().startsWith(text);
}
