// The plainest socket.io server: a line on standard input is told to all.
import { createInterface } from "node:readline";
import { Server } from "socket.io";

const server = new Server(Number(process.argv[2]), { perMessageDeflate: false });
server.on("connection", () => {});
createInterface({ input: process.stdin }).on("line", (line) => server.emit("TRANSFER_STYLE_COMPLETED", { result: line }));
process.stdin.on("end", () => process.exit(0));
console.log("ready");
