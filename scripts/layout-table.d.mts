export function layoutTables(): Promise<string>;
export function withTables(text: string): Promise<string>;
