// Real socket.io clients for tests: reads commands and writes received events as lines of JSON.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const { io } = createRequire(new URL("../../clients/javascript/package.json", import.meta.url))("socket.io-client");
const clients = new Map();
const say = (message) => process.stdout.write(JSON.stringify(message) + "\n");

const commands = {
  connect({ id, client, url, options }) {
    const socket = io(url, { forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 100, ...options });
    clients.set(client, socket);
    socket.onAny((event, ...args) => say({ client, event, args }));
    socket.on("connect", () => say({ client, event: "connect", args: [] }));
    socket.on("disconnect", (reason) => say({ client, event: "disconnect", args: [reason] }));
    socket.once("connect", () => say({ id, answer: null }));
    socket.once("connect_error", (error) => say({ id, answer: { message: error.message, data: error.data ?? null } }));
  },
  emit({ id, client, event, args, bytes, fill }) {
    const body = bytes ? [{ ...args[0], image: Buffer.from(bytes, "base64") }] : fill ? [{ ...args[0], image: "x".repeat(fill) }] : args;
    clients.get(client).timeout(180_000).emit(event, ...body, (late, ...answer) => say({ id, answer: late ? "no answer" : answer }));
  },
  send({ client, event, args }) {
    clients.get(client).emit(event, ...args); // without a callback
  },
  flood({ id, client, event, count }) {
    let refused = 0;
    let answered = 0;
    const socket = clients.get(client);
    const done = () => say({ id, answer: { answered, refused } });
    socket.once("disconnect", done);
    for (let number = 0; number < count; number++) {
      socket.emit(event, null, (error) => {
        refused += error?.code === "too_many_events";
        if (++answered === count) done();
      });
    }
  },
  raw({ client, text, bytes }) {
    clients.get(client).io.engine.write(bytes ? Buffer.from(bytes, "base64") : text); // past socket.io, straight to the transport
  },
  transport({ id, client }) {
    say({ id, answer: clients.get(client).io.engine.transport.name });
  },
  drop({ client }) {
    clients.get(client).io.engine.close(); // as when the network fails; the client connects again by itself
  },
  leave({ client }) {
    clients.get(client).disconnect();
  },
};

createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  commands[command.op](command);
});
process.stdin.on("end", () => process.exit(0));
