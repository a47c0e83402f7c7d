// Fades between sketches of several strengths while the slider is moved: the sketch of a strength comes only after the slider is released.
const slider = () => document.querySelector(".st-key-strength input[type=range]");
const isRunning = () => Boolean(document.querySelector("[data-test-script-state=running]"));
const copy = () => Object.assign(new Image(), { alt: "" }); // the sketch itself has the words for those who cannot see it

export default function ({ data, parentElement }) {
  // Kept: this function runs again with each run of the page. `number` is that of the sketch that the fade began with.
  const fade = (parentElement.fade ??= { frames: new Map(), on: false, number: 0, photo: copy(), before: copy() });
  fade.strength = data.strength;
  fade.sketches = Object.entries(data.sketches).map(([strength, src]) => [Number(strength), src]);
  for (const src of fade.frames.keys()) if (!fade.sketches.some((each) => each[1] === src)) fade.frames.delete(src);

  const reach = (event) => event.target.closest?.(".st-key-strength") && load(fade);
  const reaches = ["pointerover", "focusin"];
  for (const name of reaches) document.addEventListener(name, reach);
  const observer = new MutationObserver(() => draw(fade));
  observer.observe(document.body, { subtree: true, childList: true, attributeFilter: ["aria-valuetext", "class", "data-test-script-state"] });
  if (document.querySelector(".st-key-strength:is(:hover, :focus-within)")) load(fade);
  draw(fade);
  return () => {
    for (const name of reaches) document.removeEventListener(name, reach);
    observer.disconnect();
  };
}

function draw(fade) {
  const [range, sketch] = [slider(), document.querySelector("figure.sketch")];
  if (!range || !sketch) return;
  const [strength, number] = [Number(range.value), Number(sketch.dataset.number)];
  if (Math.abs(strength - fade.strength) > 0.001) [fade.on, fade.number] = [true, number];
  else if (!sketch.classList.contains("busy") && (number > fade.number || !isRunning())) fade.on = false;
  if (fade.on) show(sketch, available(fade, sketch), strength);
  else sketch.querySelector(".fade")?.remove();
}

// The photo and the sketches that have arrived. Until all have, the picture that was shown before stands in for the others.
function available(fade, sketch) {
  const photo = document.querySelector(".chosen-photo img")?.src;
  if (photo && fade.photo.src !== photo) fade.photo.src = photo;
  const ready = fade.sketches.map(([at, src]) => [at, fade.frames.get(src)]).filter(([, image]) => image?.isReady);
  const frames = [[0, fade.photo], ...ready];
  if (ready.length < fade.sketches.length && !ready.some(([at]) => at === fade.strength)) {
    const { src } = sketch.querySelector(":scope > img");
    if (!sketch.classList.contains("busy") && fade.before.src !== src) fade.before.src = src;
    frames.push([fade.strength, fade.before]);
  }
  return frames.sort((one, other) => one[0] - other[0]);
}

function show(sketch, frames, strength) {
  const place = sketch.querySelector(".fade") ?? sketch.appendChild(Object.assign(document.createElement("span"), { className: "fade" }));
  const images = frames.map((frame) => frame[1]);
  if (images.length !== place.children.length || images.some((image, at) => place.children[at] !== image)) place.replaceChildren(...images);
  const below = Math.max(0, frames.findLastIndex(([at]) => at <= strength));
  const [[from], [to]] = [frames[below], frames[below + 1] ?? frames[below]];
  const part = to > from ? (strength - from) / (to - from) : 0;
  images.forEach((image, at) => (image.style.opacity = at === below ? 1 : at === below + 1 ? part : 0));
}

function load(fade) {
  const distance = ([strength]) => Math.abs(strength - fade.strength);
  for (const [, src] of [...fade.sketches].sort((one, other) => distance(one) - distance(other))) {
    if (fade.frames.has(src)) continue;
    const image = copy();
    image.src = src;
    fade.frames.set(src, image);
    image.decode().then(() => { image.isReady = true; draw(fade); }, () => fade.frames.delete(src));
  }
}
