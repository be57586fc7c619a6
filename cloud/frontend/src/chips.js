// A list of codes, one in each line of a text area, becomes chips: Enter or a comma adds one, Backspace takes the last away.
// The text area stays where the form reads it; without scripts people write in it.

function chips(box) {
  const area = box.querySelector("textarea");
  const label = box.querySelector("label");
  const row = document.createElement("div");
  const input = document.createElement("input");
  row.className = "v5-chips";
  input.type = "text";
  input.autocomplete = "off";
  input.id = `${area.id}-new`;
  input.setAttribute("aria-labelledby", label.id);
  input.setAttribute("aria-describedby", area.getAttribute("aria-describedby"));
  if (box.dataset.list) input.setAttribute("list", box.dataset.list);
  label.htmlFor = input.id;
  box.querySelector("[data-plain]")?.remove();
  area.hidden = true;
  area.after(row);

  const items = () => area.value.split("\n").map((one) => one.trim()).filter(Boolean);
  const keep = (list) => {
    area.value = list.join("\n");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    draw();
  };
  function draw() {
    row.replaceChildren(
      ...items().map((text, index) => {
        const chip = document.createElement("span");
        const remove = document.createElement("button");
        chip.className = "v5-chip";
        chip.dir = "auto";
        remove.type = "button";
        remove.textContent = "×";
        remove.setAttribute("aria-label", `${box.dataset.remove}: ${text}`);
        remove.addEventListener("click", () => {
          keep(items().filter((_, place) => place !== index));
          input.focus();
        });
        chip.append(text, remove);
        return chip;
      }),
      input,
    );
  }
  function add() {
    const text = input.value.trim().replace(/,$/, "");
    if (!text) return;
    input.value = "";
    keep(items().includes(text) ? items() : [...items(), text]);
    input.focus();
  }
  input.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === ",") && input.value.trim()) {
      add();
      event.preventDefault();
    } else if (event.key === "Enter") {
      event.preventDefault();
    } else if (event.key === "Backspace" && !input.value && items().length) {
      keep(items().slice(0, -1));
      input.focus();
    }
  });
  // What is half typed is no change of the form yet; leaving the field or choosing from the list makes it one.
  input.addEventListener("input", (event) => event.stopPropagation());
  input.addEventListener("change", (event) => {
    event.stopPropagation();
    const focused = document.activeElement === input;
    add();
    if (!focused) input.blur();
  });
  draw();
  box.dataset.drawn = "yes";
}

function all() {
  for (const box of document.querySelectorAll("[data-chips]:not([data-drawn])")) chips(box);
}

all();
document.addEventListener("htmx:after:swap", all);
