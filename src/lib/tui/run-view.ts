import { isDeepStrictEqual } from 'node:util';
import type { Frame } from './model/frame.js';
import type { PaintModel } from './model/paint-model.js';
import type { Target, ViewHost } from './host.js';
import type { InkFrame } from './ink/open-frame.js';
import { paintFrame } from './paint/paint-frame.js';
import { Session, type PaintCause, type ViewSettings } from './session.js';
import { compose, planRows, type Plan } from './terminal/compose.js';
import { usableSize, type TerminalDevice } from './terminal/device.js';
import { installEndings, type EndingSignal, type Endings } from './terminal/endings.js';
import { readKeys } from './terminal/keys.js';
import { openScreen, type Screen } from './terminal/screen.js';

/** How the view was begun. */
export interface ViewOptions {
  readonly host: Omit<ViewHost, 'copy'>;
  readonly settings: ViewSettings;
  readonly target: Target;
  readonly device: TerminalDevice;
  readonly color: boolean;
  readonly ascii: boolean;
  /** Whether text may be put into the terminal's clipboard. */
  readonly clipboard: boolean;
  /** A filter to begin with; empty: none. */
  readonly filter: string;
  readonly signal: AbortSignal;
  readonly onCrash: Endings['onCrash'];
  /** Ends the process at once: an orderly end has not come in time. */
  readonly onOverdue: (name: EndingSignal) => void;
}

/** How it ended. `left`: by the user; `lost`: the terminal is gone. */
export type ViewEnd = 'left' | 'lost' | EndingSignal;

/**
 * Shows a registry on the whole terminal until the user leaves, a signal comes or the terminal goes. The terminal is
 * given back in every case.
 *
 * @throws what a defect throws
 */
export async function runView(options: ViewOptions): Promise<ViewEnd> {
  const view = new View(options);
  return view.run();
}

class View {
  readonly #options: ViewOptions;
  readonly #device: TerminalDevice;
  readonly #screen: Screen;
  readonly #session: Session;
  #ink: InkFrame | null = null;
  #chrome: { readonly key: string; readonly plan: Plan } | null = null;
  #last: { readonly cause: PaintCause; readonly ink: boolean; readonly ms: number } | null = null;
  #end: ViewEnd = 'left';
  #fail: (thrown: unknown) => void = () => undefined;

  constructor(options: ViewOptions) {
    const { device, host, clipboard } = options;
    this.#options = options;
    this.#device = device;
    this.#screen = openScreen(device, {
      onLost: () => {
        this.#stop('lost');
      },
      onResize: (size) => {
        this.#session.resize(size);
      },
      onWritten: ({ bytes, startedMs }) => {
        this.#logFrame(bytes, startedMs);
      },
    });
    this.#session = new Session({
      ...options,
      host: { ...host, copy: clipboard ? (text) => this.#copy(text) : null },
      size: usableSize(device),
      screen: {
        paint: (model, cause) => {
          this.#paint(model, cause);
        },
        suspend: () => {
          this.#screen.suspend();
        },
        repaint: () => {
          this.#screen.repaint();
        },
      },
      onCrash: (thrown) => {
        this.#fail(thrown);
      },
    });
  }

  async run(): Promise<ViewEnd> {
    const crashed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    crashed.catch(() => undefined);
    const stops = [
      installEndings(this.#device, this.#screen, {
        onCrash: this.#options.onCrash,
        onSignal: (name) => {
          this.#stop(name);
        },
        onOverdue: this.#options.onOverdue,
      }),
      this.#device.onInputEnd(() => {
        this.#stop('lost');
      }),
    ];
    try {
      this.#session.start();
      const { openInkFrame } = await import('./ink/open-frame.js');
      this.#ink = openInkFrame({ onError: this.#fail });
      if (this.#end === 'left') {
        this.#screen.enter();
        this.#followSize();
        stops.push(
          readKeys(this.#device, (press) => {
            this.#session.press(press);
          }),
        );
        await Promise.race([this.#session.run(this.#options.signal), crashed]);
      }
      return this.#end;
    } finally {
      this.#session.stop();
      this.#screen.leave();
      for (const stop of stops) stop();
      this.#ink?.close();
      this.#device.close();
    }
  }

  /** The terminal may have another size since the session was made. */
  #followSize(): void {
    const size = this.#screen.size();
    if (!isDeepStrictEqual(size, this.#session.state.size)) this.#session.resize(size);
  }

  #stop(end: ViewEnd): void {
    if (this.#end === 'left') this.#end = end;
    this.#session.stop();
  }

  #paint(model: PaintModel, cause: PaintCause): void {
    const ink = this.#ink;
    if (ink === null) return;
    const startedMs = performance.now();
    const frame = paintFrame(model);
    const { plan, isNew } = this.#around(ink, frame, model);
    this.#last = { cause, ink: isNew, ms: startedMs };
    this.#screen.draw(compose(plan, frame.slots), startedMs);
  }

  /** What ink draws, which changes seldom, and where the slots are in it. */
  #around(
    ink: InkFrame,
    frame: Frame,
    { size, dress }: PaintModel,
  ): { readonly plan: Plan; readonly isNew: boolean } {
    const holes = frame.slots.map(({ area }) => area);
    const key = JSON.stringify([frame.chrome, holes, size, dress]);
    if (this.#chrome?.key === key) return { plan: this.#chrome.plan, isNew: false };
    const plan = planRows(size, ink.show(frame.chrome, size, holes, dress), holes);
    this.#chrome = { key, plan };
    return { plan, isNew: true };
  }

  #logFrame(bytes: number, startedMs: number | null): void {
    if (startedMs === null || this.#last === null) return;
    const { cause, ink } = this.#last;
    this.#options.host.log({
      kind: 'frame',
      ms: Math.round((performance.now() - startedMs) * 1_000) / 1_000,
      ink,
      bytes,
      cause,
    });
  }

  /** The one sequence that reaches the terminal beside pictures; its text was found to be safe. */
  #copy(text: string): boolean {
    const encoded = Buffer.from(text, 'utf8').toString('base64');
    return this.#screen.tell(Buffer.from(`\x1b]52;c;${encoded}\x07`));
  }
}
