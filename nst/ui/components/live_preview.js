// A new preview is decoded before it is inserted, and older ones stay until it covers them, so that nothing flickers or jumps.
export default function ({ data, parentElement }) {
  const figure = parentElement.querySelector("figure");
  figure.style.setProperty("--ratio", data.ratio);
  const { src } = data;
  if (figure.dataset.wanted === src) return;
  figure.dataset.wanted = src;
  const image = new Image();
  image.src = src;
  image.alt = data.alt;
  image.decode().then(
    () => {
      if (figure.dataset.wanted !== src) return; // a newer preview has arrived meanwhile
      const older = [...figure.children];
      for (const old of older) old.alt = ""; // screen readers announce the new image alone
      const removeOlder = () => older.forEach((old) => old.remove());
      figure.append(image);
      if (!older.length || matchMedia("(prefers-reduced-motion: reduce)").matches) return removeOlder();
      image.className = "new";
      image.onanimationend = removeOlder;
    },
    () => {} // this preview has been replaced on the server; the next one follows within seconds
  );
}
