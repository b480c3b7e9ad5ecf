/** Variables of the process, or of a test. */
export type Env = Readonly<Record<string, string | undefined>>;

/** `1`, `true`, `yes`, `on` in any case. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes|on)$/i.test(value);
}

/** Set to anything but a "no"; for variables such as `CI`, whose value may be the name of a service. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && !/^(|0|false|no|off)$/i.test(value);
}
