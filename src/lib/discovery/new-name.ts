const NAME = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether sdctl gives this name to a new service or instance: it is safe in every backend, URL and file name. */
export function isNewName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..';
}
