// Connects many clients, and writes for each broadcast when it has come to each of them, in nanoseconds of the machine's monotonic clock.
import { io } from "socket.io-client";

const [url, count] = process.argv.slice(2);
const wanted = Number(count);
const arrivals = new Map();
let connected = 0;

const listen = (socket) =>
  socket.on("TRANSFER_STYLE_COMPLETED", ({ result }) => {
    const now = process.hrtime.bigint();
    const times = arrivals.get(result) ?? [];
    arrivals.set(result, times);
    if (times.push(now) === wanted) console.log(JSON.stringify({ result, times: times.map(String) }));
  });

for (let number = 0; number < wanted; number++) {
  const socket = io(url, { forceNew: true, transports: ["websocket"], reconnection: false });
  listen(socket);
  socket.on("connect", () => ++connected === wanted && console.log("connected"));
  socket.on("connect_error", (error) => { console.error(error.message, error.data); process.exit(1); });
  if (number % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 50));
}
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
