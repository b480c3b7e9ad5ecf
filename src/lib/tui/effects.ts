import { SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { ViewHost } from './host.js';
import type { Effect } from './keys/key-table.js';
import type { Dialog, PaneName, Place } from './model/paint-model.js';
import type { InstanceRow, Row } from './model/rows.js';
import { countText } from '../render/summary-lines.js';
import { panesOf } from './paint/panes.js';
import { endpointsText, findingLines, rawLines, unreadLines } from './state/raw-text.js';
import { currentVisit, isTop, type Action, type Movement } from './state/reduce.js';
import { doctorSteps, eventSteps, hostOf } from './state/table-source.js';
import { tableTsv } from './state/table-tsv.js';
import type { ViewState } from './state/view-state.js';
import type { World } from './world.js';

/** What the effects of keys work on. */
export interface EffectView {
  readonly state: ViewState;
  readonly world: World;
  readonly host: ViewHost;
  /** Rows of the table, filtered and in order. */
  readonly rows: readonly Row[];
  readonly screen: { suspend(): void; repaint(): void };
  reduce(action: Action): void;
  say(text: string, level?: 'info' | 'warning' | 'error'): void;
  selectedRow(): Row | null;
  /** The instance that a detail is about. */
  detail(): InstanceRow | null;
  /** Rows that are visible at once. */
  page(): number;
  /** How far the detail can be scrolled, in lines. */
  mostScroll(): number;
  /** Lines of the detail that are visible at once. */
  detailPage(): number;
  /** Reads everything anew, also where nothing could be opened. */
  retry(): void;
  pause(isPaused: boolean): void;
  markDirty(): void;
  stop(): void;
  readonly onCrash: (thrown: unknown) => void;
}

/** What keys do. Nothing here, and nothing that it can reach, writes to a registry. */
export class Effects {
  readonly #view: EffectView;

  constructor(view: EffectView) {
    this.#view = view;
  }

  /** Goes to a place. */
  visit(place: Place): void {
    this.#view.reduce({ type: 'visit', place });
  }

  do(effect: Effect): void {
    const visit = currentVisit(this.#view.state);
    switch (effect.type) {
      case 'move':
        this.#move(effect.to);
        return;
      case 'go':
        this.visit(placeOf(effect.screen));
        return;
      case 'history':
        this.#view.reduce({ type: 'history', by: effect.by });
        return;
      case 'pane':
        this.#turnPane(effect.by);
        return;
      case 'prompt':
        this.#view.reduce({ type: 'prompt', kind: effect.kind });
        return;
      case 'back':
        if (visit.filter !== '') this.#view.reduce({ type: 'filter', text: '' });
        else this.#view.reduce({ type: 'back' });
        return;
      case 'quit':
        if (isTop(this.#view.state)) this.#view.stop();
        else this.#view.reduce({ type: 'back' });
        return;
      case 'leave':
        this.#view.stop();
        return;
      case 'suspend':
        this.#view.screen.suspend();
        return;
      case 'repaint':
        this.#view.screen.repaint();
        return;
      case 'sort':
      case 'reverse':
      case 'problems':
        this.#view.reduce({ type: effect.type });
        return;
      case 'wide':
      case 'ascii':
        this.#view.reduce({ type: 'toggle', what: effect.type });
        return;
      case 'mark':
        this.#mark();
        return;
      case 'pause':
        this.#view.pause(!this.#view.state.isPaused);
        return;
      case 'retry':
        this.#view.retry();
        this.#view.say('reading everything anew');
        return;
      case 'help':
        this.#view.reduce({ type: 'dialog', dialog: { kind: 'help', top: 0 } });
        return;
      case 'severity':
        this.#view.reduce({ type: 'narrow', to: next(doctorSteps, visit.narrowed) });
        return;
      case 'types':
        this.#view.reduce({ type: 'narrow', to: next(eventSteps, visit.narrowed) });
        return;
      case 'rerun':
        this.#view.world.doctor?.ask();
        return;
      case 'save':
        this.#save();
        return;
      case 'copy':
        this.#copy();
        return;
      case 'open':
        this.#open();
        return;
      case 'raw':
        this.#showRaw();
        return;
      case 'unread':
        this.#showUnread();
        return;
      case 'events':
        this.#visitEvents();
        return;
      case 'lease':
      case 'host':
        this.#visitRelated(effect.type);
        return;
    }
  }

  #move(to: Movement): void {
    const { screen } = currentVisit(this.#view.state).place;
    if (screen === 'instance') {
      this.#view.reduce({
        type: 'shift',
        to,
        most: this.#view.mostScroll(),
        page: this.#view.detailPage(),
      });
      return;
    }
    this.#view.reduce({ type: 'move', to, rows: this.#view.rows, page: this.#view.page() });
  }

  #turnPane(by: 1 | -1): void {
    const { panes } = panesOf(currentVisit(this.#view.state).place, this.#view.state.size);
    if (panes.length === 0) return;
    const at = panes.indexOf(this.#view.state.focus);
    const pane: PaneName = panes[(at + by + panes.length) % panes.length] ?? 'table';
    this.#view.reduce({ type: 'focus', pane });
  }

  #mark(): void {
    const row = this.#view.selectedRow();
    if (row === null) return;
    this.#view.reduce({ type: 'mark', key: row.key });
    this.#move('down');
  }

  #open(): void {
    const { focus } = this.#view.state;
    if (focus === 'findings') {
      this.visit({ screen: 'doctor' });
      return;
    }
    if (focus === 'events') {
      this.#visitEvents();
      return;
    }
    const row = this.#view.selectedRow();
    if (row === null) return;
    switch (row.kind) {
      case 'service': {
        this.visit({ screen: 'service', serviceKey: row.key, name: row.name });
        return;
      }
      case 'instance': {
        this.visit(instancePlace(row));
        return;
      }
      case 'lease': {
        this.visit({ screen: 'lease', key: row.key, id: row.id });
        return;
      }
      case 'event': {
        this.#visitSubject(row.instanceKey, row.serviceKey);
        return;
      }
      case 'finding': {
        this.#visitFinding(row.finding.subject);
        return;
      }
    }
  }

  #visitSubject(instance: string | null, service: string | null): void {
    const row = instance === null ? null : this.#view.world.book.instance(instance);
    if (row !== null) {
      this.visit(instancePlace(row));
      return;
    }
    const found = service === null ? null : this.#view.world.book.service(service);
    if (found !== null) {
      this.visit({ screen: 'service', serviceKey: found.key, name: found.name });
      return;
    }
    this.#view.say('it is not there any more', 'warning');
  }

  #visitFinding(subject: {
    readonly service: string | null;
    readonly instance: string | null;
    readonly node: string | null;
    readonly lease: string | null;
  }): void {
    const { service, instance, node, lease } = subject;
    const found = [...this.#view.world.book.services()].filter(({ name }) => name === service);
    for (const { key } of found)
      for (const row of this.#view.world.book.instancesOf(key))
        if (row.instance.id === instance && (node === null || row.instance.node === node)) {
          this.visit(instancePlace(row));
          return;
        }
    const [first] = found;
    if (first !== undefined) {
      this.visit({ screen: 'service', serviceKey: first.key, name: first.name });
      return;
    }
    const leaseRow =
      lease === null
        ? undefined
        : [...(this.#view.world.leases?.rows() ?? [])].find(({ id }) => id === lease);
    if (leaseRow !== undefined) {
      this.visit({ screen: 'lease', key: leaseRow.key, id: leaseRow.id });
      return;
    }
    this.#view.say('it is about nothing that could be opened');
  }

  #visitEvents(): void {
    const { place } = currentVisit(this.#view.state);
    const row = place.screen === 'instance' ? this.#view.detail() : this.#view.selectedRow();
    if (row?.kind === 'instance' && this.#view.state.focus !== 'events') {
      this.visit({
        screen: 'events',
        serviceKey: row.serviceKey,
        instanceKey: row.key,
        of: `${row.instance.service}/${row.instance.id}`,
      });
      return;
    }
    if (row?.kind === 'service' && this.#view.state.focus !== 'events') {
      this.visit({ screen: 'events', serviceKey: row.key, instanceKey: null, of: row.name });
      return;
    }
    if (place.screen === 'service') {
      this.visit({ screen: 'events', serviceKey: place.serviceKey, instanceKey: null, of: place.name });
      return;
    }
    this.visit(placeOf('events'));
  }

  #visitRelated(what: 'lease' | 'host'): void {
    const row = this.#view.detail();
    if (row === null) return;
    if (what === 'host') {
      const host = hostOf(row);
      if (host === null) this.#view.say('it does not say on which host it runs', 'warning');
      else this.visit({ screen: 'host', host });
      return;
    }
    const found = this.#leaseOf(row);
    if (found !== null) this.visit({ screen: 'lease', ...found });
    else if (row.instance.lease === null && this.#view.world.knowsLeases)
      this.#view.say('it has no lease', 'warning');
    else this.#view.say('leases were not read yet: 2 lists them', 'warning');
  }

  #leaseOf({ instance, key }: InstanceRow): { readonly key: string; readonly id: string } | null {
    for (const row of this.#view.world.leases?.rows() ?? [])
      if (row.id === instance.lease?.id || row.instances.includes(key)) return { key: row.key, id: row.id };
    return null;
  }

  #marked(): readonly Row[] {
    const { marks } = this.#view.state;
    return this.#view.rows.filter(({ key }) => marks.has(key));
  }

  #save(): void {
    const { place } = currentVisit(this.#view.state);
    const marked = this.#marked();
    const rows = (marked.length === 0 ? this.#view.rows : marked).filter((row) => !isGone(row));
    const { book, moment } = this.#view.world;
    if (rows.length === 0) {
      this.#view.say('nothing to save', 'warning');
      return;
    }
    try {
      const path = this.#view.host.save(place.screen, tableTsv(rows, book, moment.monotonicMs));
      this.#view.say(`${countText(rows.length, 'row')} saved to ${path}`);
    } catch (error) {
      if (!(error instanceof SdctlError)) throw error;
      this.#view.say(error.why === undefined ? error.message : `${error.message}: ${error.why}`, 'error');
    }
  }

  #copy(): void {
    const { copy } = this.#view.host;
    if (copy === null) {
      this.#view.say('start with --clipboard to copy', 'warning');
      return;
    }
    const marked = this.#marked();
    const detail = this.#view.detail();
    const rows = marked.length > 0 ? marked : detail === null ? [] : [detail];
    const text = endpointsText(rows);
    if (text === null) {
      this.#view.say('it holds hidden characters: not copied', 'warning');
      return;
    }
    if (text === '') {
      this.#view.say('no endpoint to copy', 'warning');
      return;
    }
    if (!copy(text)) {
      this.#view.say('the terminal is busy: not copied', 'warning');
      return;
    }
    const count = text.split('\n').length;
    this.#view.say(count === 1 ? 'endpoint copied' : `${count} endpoints copied`);
  }

  #showUnread(): void {
    const lines = unreadLines(this.#view.world.book.undecoded, this.#view.state.ascii);
    if (lines.length === 0) this.#view.say('every entry can be read');
    else
      this.#view.reduce({
        type: 'dialog',
        dialog: { kind: 'text', title: 'entries that cannot be read', lines, top: 0 },
      });
  }

  /** What is stored, read now. The dialog is there at once; its text comes when it comes. */
  #showRaw(): void {
    const { place } = currentVisit(this.#view.state);
    const row =
      place.screen === 'lease'
        ? (this.#view.world.leases?.row(place.key) ?? null)
        : (this.#view.selectedRow() ?? this.#view.detail());
    if (row?.kind === 'finding') {
      const { identity } = this.#view.world;
      const lines = findingLines(row.finding, identity, this.#view.state.ascii);
      this.#view.reduce({
        type: 'dialog',
        dialog: { kind: 'text', title: row.finding.rule.id, lines, top: 0 },
      });
      return;
    }
    const { opened, signal } = this.#view.world;
    if (opened === null || (row?.kind !== 'instance' && row?.kind !== 'lease')) return;
    const title = row.kind === 'lease' ? row.id : formatInstanceName(row.instance);
    const dialog: Dialog = { kind: 'text', title, lines: null, top: 0 };
    this.#view.reduce({ type: 'dialog', dialog });
    void rawLines(opened.registry, row, { ascii: this.#view.state.ascii, signal }).then((lines) => {
      if (this.#view.state.dialog !== dialog) return;
      this.#view.reduce({ type: 'dialog', dialog: { ...dialog, lines } });
      this.#view.markDirty();
    }, this.#view.onCrash);
  }
}

/** Where a screen of its own is. */
export function placeOf(screen: 'services' | 'leases' | 'events' | 'doctor'): Place {
  return screen === 'events' ? { screen, serviceKey: null, instanceKey: null, of: null } : { screen };
}

function instancePlace({ key, instance }: InstanceRow): Place {
  return { screen: 'instance', key, service: instance.service, id: instance.id };
}

/** It is only shown for a while yet. */
function isGone(row: Row): boolean {
  return row.kind === 'service' ? row.health === 'left' : row.kind === 'instance' && row.leftAtMs !== null;
}

function next(steps: readonly string[], now: string): string {
  return steps[(steps.indexOf(now) + 1) % steps.length] ?? '';
}
