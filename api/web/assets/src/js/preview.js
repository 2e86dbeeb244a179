// previews shows what a form would give while it is filled in: the server draws it.
export function previews(root) {
  for (const form of root.querySelectorAll("form[data-preview]")) {
    let wait, latest;
    const draw = async (withFiles) => {
      const place = document.getElementById(form.dataset.preview);
      const body = new FormData(form);
      body.set("action", "previsualiser");
      if (!withFiles) for (const f of form.querySelectorAll("[type=file]")) body.delete(f.name);
      const turn = (latest = {}); // (form.action would be its button of that name)
      place.setAttribute("aria-busy", "true");
      try {
        const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const drawn = page.getElementById(form.dataset.preview);
        if (turn !== latest || !drawn || (withFiles && !answer.ok)) return; // what is wrong is said when it is sent
        place.replaceChildren(...drawn.childNodes);
        if (withFiles) form.elements.logo_garde.value = page.querySelector("[name=logo_garde]").value;
      } catch {
        // without a network the button still works
      } finally {
        place.removeAttribute("aria-busy");
      }
    };
    form.addEventListener("input", ({ target }) => {
      if (target.name === "couleur_choisie") form.elements.couleur.value = target.value;
      if (target.name === "couleur" && /^#[0-9a-f]{6}$/i.test(target.value)) form.elements.couleur_choisie.value = target.value;
      clearTimeout(wait);
      wait = setTimeout(draw, 300, target.type === "file");
    });
  }
}
