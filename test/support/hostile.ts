/** Text that would do harm if a terminal obeyed it. */
export const vectors: Readonly<Record<string, string>> = {
  clipboard: 'a\u001b]52;c;cm0=\u0007b',
  title: '\u001b]0;x\u001b\\',
  c1: '\u009b2J',
  overwrite: 'ok\rEVIL',
  backspace: 'abc\b\b',
  nul: 'a\0b',
  shift: 'a\u000eb',
  del: 'a\u007fb',
  override: '\u202egnp.exe',
  isolate: '\u2066abc',
  zeroWidth: 'pay\u200bments',
  bom: '\ufeffx',
  tag: 'a\u{e0041}b',
  variation: '⚠\ufe0f',
  tower: 'e\u0301\u0302\u0303\u0304',
  private: '\ue000',
  separator: 'a\u2028b',
  newline: 'a\nb\tc',
  long: 'x'.repeat(300),
  cjk: '日本語',
  family: '👨\u200d👩\u200d👧',
  hebrew: 'שלום',
  slashes: '..\\..',
  quotes: `"'$(reboot)\``,
};

/** Characters that no output may hold, whatever its format: controls but the newline and the tab, bidi, hidden. */
export const leak =
  /[\0-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ue000-\uf8ff\u{e0000}-\u{e0fff}]/u;
