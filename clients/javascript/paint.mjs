// Paints a photo, and saves the painting; with a size, a larger version of it, with that many pixels on the long side:
//
//     npm install
//     node paint.mjs http://localhost:8600 photo.jpg starlit-swirl painting.jpg [4096]
//
// The same code works in a browser; read the photo with FileReader.readAsDataURL there.
import { readFile, writeFile } from "node:fs/promises";
import { io } from "socket.io-client";
import { newId, submitLarger } from "./larger.mjs";

const [server, photo, style, painting, size] = process.argv.slice(2);
if (!painting) {
  console.error("node paint.mjs SERVER PHOTO STYLE PAINTING [SIZE]");
  process.exit(2);
}

const key = process.env.PASTICHE_KEY || undefined;
const image = `data:image/jpeg;base64,${(await readFile(photo)).toString("base64")}`; // the server detects the format from the bytes

// The path of the URL is where the studio is, as in https://example.org/studio; socket.io would take it as a namespace.
const { origin, pathname } = new URL(server);
const path = `${pathname.replace(/\/+$/, "")}/socket.io`;
const socket = io(origin, { path, auth: key && { key } });

// Every acknowledgement is (error, data); an error has a sentence for people and a code for programs.
const request = (event, body) =>
  new Promise((resolve, reject) =>
    socket.emit(event, body, (error, data) => (error ? reject(Object.assign(new Error(error.error), error)) : resolve(data))),
  );

/** The URL of a job's painting. `submit` is called if the server does not know the job. */
const painted = (requestId, submit) =>
  new Promise((resolve, reject) => {
    const watch = () =>
      request("WATCH_JOB", { requestId }).catch((error) => (error.code === "unknown_job" ? submit().catch(reject) : reject(error)));
    socket.on(`TRANSFER_STYLE_COMPLETED::${requestId}`, ({ result }) => resolve(result));
    socket.on(`TRANSFER_STYLE_FAILED::${requestId}`, ({ error }) => reject(new Error(error)));
    socket.on(`TRANSFER_STYLE_PROGRESS::${requestId}`, ({ fraction, stage }) => console.log(`${Math.round(100 * fraction)} % ${stage}`));
    socket.on("connect_error", (error) => socket.active || reject(error)); // active: it reconnects by itself
    // After the first connection and every reconnection: the job has continued, and the server sends its present state.
    socket.on("connect", watch);
    if (socket.connected) watch();
  });

try {
  const id = newId();
  let result = await painted(id, () => request("TRANSFER_STYLE", { requestId: id, image, style, isPrivate: true }));
  if (size) {
    const largerId = newId();
    result = await painted(largerId, async () => {
      await submitLarger(server, id, Number(size), { requestId: largerId, key });
      await request("WATCH_JOB", { requestId: largerId });
    });
  }
  const answer = await fetch(result);
  if (!answer.ok) throw new Error(`The painting cannot be fetched: ${answer.status}`);
  await writeFile(painting, Buffer.from(await answer.arrayBuffer()));
  console.log(`saved as ${painting}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  socket.disconnect();
}
