// copies adds a button to what people take elsewhere (a DNS record, a message): the words
// of a [data-copy], or of the field inside it. Without script they select them by hand.
export function copies(root) {
  if (!navigator.clipboard) return;
  for (const place of root.querySelectorAll("[data-copy]")) {
    const field = place.querySelector("textarea,input"), button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet copy";
    button.textContent = "Copier";
    const what = document.createElement("span");
    what.className = "visually-hidden";
    what.textContent = " " + place.dataset.copy;
    button.append(what);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText((field ? field.value : place.textContent).trim());
      button.firstChild.textContent = "Copié";
      setTimeout(() => (button.firstChild.textContent = "Copier"), 4000);
    });
    place.after(button);
  }
}
