import { isRefusal, SdctlError } from '../errors.js';
import type { Denied } from '../model/backend-facts.js';

/** Collects what a registry refuses, so that one call that is not allowed costs nothing but its own answer. */
export class Refusals {
  readonly #denied = new Map<string, Denied>();

  /** In order of their calls' names; a call that several servers refuse counts once. */
  get all(): readonly Denied[] {
    return [...this.#denied.values()].sort((a, b) => (a.call < b.call ? -1 : 1));
  }

  /**
   * The answer of a call that may fail; null where it does.
   *
   * @param call its name, as it is told to people
   * @param lost what is not known without it, for the sentence "<lost> is not known"
   * @throws {SdctlError} E_ABORTED, and whatever is no failure of the registry
   */
  async orNull<T>(call: string, lost: string, work: Promise<T>): Promise<T | null> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof SdctlError) || error.code === 'E_ABORTED') throw error;
      if (isRefusal(error)) this.add(call, lost, error.why ?? error.message);
      return null;
    }
  }

  /** @param why in the registry's words; see `orNull` for the others */
  add(call: string, lost: string, why: string): void {
    this.#denied.set(call, { call, why: `${why}: ${lost} is not known` });
  }
}
