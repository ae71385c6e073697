// A relay in front of a MySQL or MariaDB server that lets so many statements a second be answered and no more, as a database does that
// is at its end: WORKERS statements run at a time, each for WORKERS / RATE seconds before the server sees it; others wait their turn.
// A process of its own, so that what happens in the test does not move its clock. Prints the port it listens on; with every `count` on its
// input it prints how many statements it has let through.
//
//   node throttle.mjs HOST PORT RATE WORKERS
import { connect, createServer } from 'node:net';

const [host, port, rate, workers] = process.argv.slice(2);
const WORKERS = Number(workers);
const SERVICE_MS = (1000 * WORKERS) / Number(rate);
/** Of the protocol: a prepared statement is run. What opens and pins a session is let through. */
const COM_STMT_EXECUTE = 0x17;

/** When each worker is free again, by the clock that only grows. */
const freeAt = Array.from({ length: WORKERS }, () => 0);
let passed = 0;

/** Takes the worker that is free first, and calls back when it has done its work. */
function serve(done) {
  const worker = freeAt.indexOf(Math.min(...freeAt));
  const endsAt = Math.max(performance.now(), freeAt[worker]) + SERVICE_MS;
  freeAt[worker] = endsAt;
  passed += 1;
  setTimeout(done, endsAt - performance.now());
}

/** Hands on what a client sends, packet by packet; a statement waits for a worker, and what follows it waits too. */
function relay(near) {
  const far = connect(Number(port), host);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ]) {
    one.setNoDelay(true);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  far.pipe(near);
  let rest = Buffer.alloc(0);
  let waiting = false;
  const take = () => {
    while (!waiting && rest.length >= 4) {
      const length = 4 + rest.readUIntLE(0, 3);
      if (rest.length < length) return;
      const packet = rest.subarray(0, length);
      rest = rest.subarray(length);
      // A command begins a new sequence; what is numbered higher belongs to one.
      if (packet[3] !== 0 || packet[4] !== COM_STMT_EXECUTE) {
        far.write(packet);
        continue;
      }
      waiting = true;
      serve(() => {
        waiting = false;
        far.write(packet);
        take();
      });
    }
  };
  near.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    take();
  });
}

const server = createServer(relay);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('data', () => console.log(passed));
process.stdin.on('end', () => process.exit());
