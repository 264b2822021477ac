// Starts the Live tab on the server, by modules that the on-device page shares: fer/ui/shared_js.
const find = (selector) => document.querySelector(selector);

const page = {
  // A timeline's own view while it runs: the choice is hidden then, and a page that was loaded again has another.
  view: () => find("#live-chart .fer-running")?.dataset.view ?? find("#live-view-choice input:checked")?.value ?? "person",
  token: () => document.documentElement.dataset.ferToken,
  recording: () => Boolean(find("#live-chart .fer-running")),
  readFrame: (query) => server.read_frame(query),
  show(reading) {
    props.value = reading;
    trigger("input"); // the page hands panel and timeline chart to their components
  },
  // Shows what to do, as before the camera was on.
  showInstructions() {
    const { instructions } = props.settings;
    page.show({ panel: instructions[document.documentElement.lang.split("-")[0]] ?? instructions.en });
  },
  // Called each second, too, as Gradio may have drawn the chart anew; the stylesheet displays a note.
  pause(paused, lost) {
    element.toggleAttribute("data-camera-lost", lost);
    const lostOnServer = find("#live-panel [data-camera-lost]");
    find("#live-chart")?.toggleAttribute("data-paused", Boolean(paused || lostOnServer));
  },
};

async function start() {
  const { ServerLive } = await import(new URL("modules/server_live.js", document.baseURI));
  const [stage, trouble] = [element.querySelector("#live-stage"), element.querySelector("#live-trouble")];
  const live = new ServerLive(stage, trouble, props.settings, page);
  document.addEventListener("change", (event) => {
    if (event.target.closest("#live-view-choice")) live.changeView();
  });
  // The visitor reads on their own device instead, which needs the camera.
  document.addEventListener("fer-release-camera", () => live.release());
}

start().catch((error) => {
  console.info("The Live tab isn't complete:", error);
  element.querySelector("#live-trouble").innerHTML =
    '<div class="fer-message fer-trouble" role="alert"><strong></strong><span></span></div>';
  element.querySelector("#live-trouble strong").textContent = _("The camera can't be started");
  element.querySelector("#live-trouble span").textContent = _("A part of this page did not arrive; load the page again.");
});
