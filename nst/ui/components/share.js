// Copies the link, or opens the device's own menu with the painting's file. A painting without a link is shared as a file alone.
export default function ({ data, parentElement }) {
  const [link, copy, send] = ["input", ".copy", ".send"].map((selector) => parentElement.querySelector(selector));
  link.value = data.url ?? "";
  link.hidden = copy.hidden = !data.url;
  link.onfocus = () => link.select();
  copy.onclick = async () => {
    link.select();
    await (navigator.clipboard?.writeText(data.url) ?? document.execCommand("copy")); // without HTTPS there is no clipboard
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy link"), 2000);
  };
  const content = { title: data.title, ...(data.url && { url: data.url }) };
  const probe = [new File([""], "painting.jpg", { type: "image/jpeg" })];
  const takesFiles = navigator.canShare?.({ files: probe });
  send.hidden = !navigator.share || !(takesFiles || data.url);
  send.onclick = async () => {
    if (takesFiles) {
      const picture = await (await fetch(data.picture)).blob();
      content.files = [new File([picture], `pastiche.${picture.type.split("/")[1]}`, { type: picture.type })];
    }
    await navigator.share(content).catch(() => {}); // the visitor has closed the menu
  };
}
