// Opens a painting within the visit. A link would load the page anew, and lose the photo that the visitor has chosen.
export default function ({ setTriggerValue }) {
  const open = (event) => {
    const link = event.composedPath().find((element) => element.matches?.("a.card, a.frame"));
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setTriggerValue("job", new URL(link.href).searchParams.get("job"));
  };
  document.addEventListener("click", open);
  return () => document.removeEventListener("click", open);
}
