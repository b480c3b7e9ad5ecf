export function rulesDocument(): Promise<string>;
