/** Sets of instances, compared. */

/** As `instanceKey` of the program. */
export function instanceKeyOf({ service, id, node, key }) {
  return key ?? JSON.stringify([service, node, id]);
}

/** What became of the first set: departures first, as the program tells them. */
export function differencesOf(before, after) {
  const differences = [];
  for (const [key, instance] of before) {
    if (!after.has(key)) differences.push({ type: 'left', instance, reason: 'resync' });
  }
  for (const [key, instance] of after) {
    const previous = before.get(key);
    if (previous === undefined) differences.push({ type: 'joined', instance });
    else if (previous !== instance) differences.push({ type: 'updated', instance, previous });
  }
  return differences;
}
