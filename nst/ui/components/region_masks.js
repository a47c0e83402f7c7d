// One part's mask: a canvas in the part's colour, whose alpha channel is the mask. And what is computed from masks.

class Mask {
  constructor(width, height, colour) {
    this.canvas = Object.assign(document.createElement("canvas"), { width, height });
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.context.lineCap = this.context.lineJoin = "round";
    this.context.strokeStyle = this.context.fillStyle = colour;
    this.colour = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  }
  get pixels() {
    return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height).data;
  }
  get alpha() {
    const pixels = this.pixels;
    const alpha = new Uint8Array(pixels.length / 4);
    for (let i = 0; i < alpha.length; i++) alpha[i] = pixels[4 * i + 3];
    return alpha;
  }
  set alpha(alpha) {
    const image = this.context.createImageData(this.canvas.width, this.canvas.height);
    const [red, green, blue] = this.colour;
    const words = new Uint32Array(image.data.buffer); // of little-endian bytes, as on all machines that have browsers
    for (let i = 0; i < alpha.length; i++) words[i] = (alpha[i] << 24) | (blue << 16) | (green << 8) | red;
    this.context.putImageData(image, 0, 0);
  }
  async read(source) { // the alpha of a grey picture
    const { width, height } = this.canvas;
    const grey = (await photo(source, width, height)).pixels;
    return Uint8Array.from({ length: width * height }, (_, i) => grey[4 * i]);
  }
}

async function photo(source, width, height) {
  const image = new Image();
  image.src = source;
  await image.decode();
  const copy = new Mask(width, height, "#000000");
  copy.context.imageSmoothingQuality = "high";
  copy.context.drawImage(image, 0, 0, width, height);
  return copy;
}

// Three passes of a mean over 2 * radius + 1 pixels, across and down, are close to a Gaussian.
function blurred(alpha, width, radius) {
  const height = alpha.length / width;
  let [from, to] = [Float32Array.from(alpha), new Float32Array(alpha.length)];
  for (let pass = 0; pass < 6; pass++) {
    const [length, step, lines, next] = pass % 2 ? [height, width, width, 1] : [width, 1, height, width];
    for (let line = 0; line < lines; line++) {
      const at = (place) => from[line * next + Math.min(length - 1, Math.max(0, place)) * step];
      let sum = 0;
      for (let place = -radius; place <= radius; place++) sum += at(place);
      for (let place = 0; place < length; place++) {
        to[line * next + place * step] = sum / (2 * radius + 1);
        sum += at(place + radius + 1) - at(place - radius);
      }
    }
    [from, to] = [to, from];
  }
  return Uint8ClampedArray.from(from);
}

// What was drawn to find a region from, as masks: `inside` on it, `outside` on the rest, `around` it. Each may be missing.
//
// `grown` is what an earlier search has found, and from which strokes: what was painted or erased since are more strokes.
function strokesOf(alpha, { grown, encloses }) {
  if (!grown) return encloses ? { around: alpha } : { inside: alpha };
  const strokes = { around: grown.around };
  const both = { inside: (value, old) => value > old, outside: (value, old) => value < old };
  for (const side in both) {
    const earlier = grown[side] ?? new Uint8Array(alpha.length);
    strokes[side] = alpha.map((value, i) => {
      const [now, old] = [value > 127, grown.alpha[i] > 127];
      return now === old ? earlier[i] : 255 * both[side](now, old);
    });
  }
  return strokes;
}

// A mask as an 8-bit grey PNG, in base64. It is halved until it has at most so many characters: noise does not compress.
async function greyPng(alpha, width, most) {
  const png = await encoded(alpha, width);
  return png.length <= most || width < 2 ? png : greyPng(...halved(alpha, width), most);
}

function halved(alpha, width) {
  const [columns, rows] = [width, alpha.length / width].map((side) => Math.ceil(side / 2));
  const small = new Uint8Array(columns * rows);
  const at = (x, y) => alpha[Math.min(y, alpha.length / width - 1) * width + Math.min(x, width - 1)];
  for (let i = 0; i < small.length; i++) {
    const [x, y] = [2 * (i % columns), 2 * Math.floor(i / columns)];
    small[i] = (at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1) + 2) >> 2;
  }
  return [small, columns];
}

// Each row is stored as its difference from the row above, which compresses well.
async function encoded(alpha, width) {
  const height = alpha.length / width;
  const rows = new Uint8Array((width + 1) * height);
  for (let row = 0; row < height; row++) {
    rows[row * (width + 1)] = 2;
    for (let x = 0, at = row * width; x < width; x++, at++) rows[row * (width + 1) + 1 + x] = alpha[at] - (row ? alpha[at - width] : 0);
  }
  const packed = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")));
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header[8] = 8;
  const chunks = [chunk("IHDR", header), chunk("IDAT", new Uint8Array(await packed.arrayBuffer())), chunk("IEND", new Uint8Array())];
  const file = new Blob([Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), ...chunks]);
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(reader.error);
    reader.onload = () => resolve(reader.result.split(",")[1]);
    reader.readAsDataURL(file);
  });
}

function chunk(name, content) {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set([...name].map((letter) => letter.charCodeAt()), 4);
  bytes.set(content, 8);
  view.setUint32(content.length + 8, crc32(bytes.subarray(4, content.length + 8)));
  return bytes;
}

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 && 0xedb88320);
  }
  return ~crc >>> 0;
}
