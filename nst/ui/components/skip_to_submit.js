// Leads past the fields of the form.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = () => document.querySelector(".st-key-submit button")?.focus();
}
