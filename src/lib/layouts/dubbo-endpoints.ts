import type { Endpoint } from '../model/endpoint.js';
import { portOf } from './address.js';
import { listOf, objectOf, parseJson, textOf } from './json.js';

/**
 * The endpoints of a Dubbo instance: its own address with the protocols that `dubbo.endpoints` names.
 *
 * @param main address and port of the instance itself; first in the answer
 * @param text JSON in a text, `[{"port":20000,"protocol":"tri"}]`, in any order
 */
export function dubboEndpoints(main: Endpoint, text: string | undefined): readonly Endpoint[] {
  const named = listOf(parseJson(text ?? '')).flatMap((item): readonly Endpoint[] => {
    const port = portOf(objectOf(item)?.['port']);
    return port === null
      ? []
      : [{ protocol: textOf(objectOf(item)?.['protocol']), address: main.address, port }];
  });
  const first = named.find(({ port }) => port === main.port);
  return first === undefined ? [main, ...named] : [first, ...named.filter((other) => other !== first)];
}
