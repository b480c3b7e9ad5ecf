/** Local wall clock of an RFC 3339 time, `HH:MM:SS`; `--:--:--` for what is no time. */
export function clockText(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return '--:--:--';
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
