// Areas of a similar colour in the photo: the same as `colour_region` of `nst.engine.region_proposals`.
const COLOUR_SIDE = 512; // pixels of the long side at which colours are compared

// CIE L*a*b* of sRGB pixels, three numbers each.
function labOf(pixels) {
  const linear = Float32Array.from({ length: 256 }, (_, level) => (level > 10.31475 ? ((level / 255 + 0.055) / 1.055) ** 2.4 : level / 3294.6));
  const root = (value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
  const lab = new Float32Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    const [red, green, blue] = [linear[pixels[from]], linear[pixels[from + 1]], linear[pixels[from + 2]]];
    const x = root((0.412453 * red + 0.35758 * green + 0.180423 * blue) / 0.95047);
    const y = root(0.212671 * red + 0.71516 * green + 0.072169 * blue);
    const z = root((0.019334 * red + 0.119193 * green + 0.950227 * blue) / 1.08883);
    lab[to] = 116 * y - 16;
    lab[to + 1] = 500 * (x - y);
    lab[to + 2] = 200 * (y - z);
  }
  return lab;
}

// The colours of a reduced photo. Masks for it have the given size.
async function coloursOf(source, width, height) {
  const scale = Math.min(1, COLOUR_SIDE / Math.max(width, height));
  const small = await photo(source, ...[width, height].map((side) => Math.max(1, Math.round(side * scale))));
  return { small, lab: labOf(small.pixels), scale, width, height };
}

// The mask of all places whose colour is near the one at a point of the mask.
function colourMask({ small, lab, scale, width, height }, [x, y], tolerance) {
  const [columns, rows] = [small.canvas.width, small.canvas.height];
  const within = (place, size) => Math.min(size - 1, Math.max(0, Math.floor(place * scale)));
  const at = 3 * (within(y, rows) * columns + within(x, columns));
  small.alpha = Uint8Array.from({ length: columns * rows }, (_, i) => {
    const distance = Math.hypot(lab[3 * i] - lab[at], lab[3 * i + 1] - lab[at + 1], lab[3 * i + 2] - lab[at + 2]);
    return 255 * Math.min(1, Math.max(0, 2.5 - (2 * distance) / tolerance));
  });
  const found = new Mask(width, height, "#000000");
  found.context.drawImage(small.canvas, 0, 0, width, height);
  return found.alpha;
}

// Of the areas in `found`, the one at a point, with its soft edge. It ends where the mask is painted already, unless it begins there.
function connected(found, painted, width, [x, y]) {
  const within = (place, size) => Math.min(size - 1, Math.max(0, Math.floor(place)));
  const start = within(y, found.length / width) * width + within(x, width);
  const stops = painted[start] < 128;
  const result = new Uint8Array(found.length);
  const stack = [start];
  result[start] = found[start];
  while (stack.length) {
    const here = stack.pop();
    const column = here % width;
    for (const next of [column ? here - 1 : -1, column < width - 1 ? here + 1 : -1, here - width, here + width]) {
      if (next < 0 || next >= found.length || result[next] || !found[next] || (stops && painted[next] > 127)) continue;
      if (found[next] < 128 && found[next] > found[here]) continue; // the edge of another area
      result[next] = found[next];
      stack.push(next);
    }
  }
  return result;
}
