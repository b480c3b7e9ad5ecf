/** `curl URL` for machines without curl. */
const answer = await fetch(process.argv[2]);
process.stdout.write(await answer.text());
