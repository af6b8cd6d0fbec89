/* The ground of every map: a grid of degrees, and the site's tiles once somebody asks for them. No other site is asked for anything before. */
window.communityMap = function (element, settings) {
  "use strict";

  const STEPS = [90, 45, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];
  const map = L.map(element, { zoomControl: true, worldCopyJump: false, minZoom: 1, maxZoom: 18 });
  map.attributionControl.setPrefix("Leaflet");
  L.control.scale({ imperial: false }).addTo(map);
  element.setAttribute("role", "application");
  element.setAttribute("aria-label", settings.label);
  const grid = L.layerGroup().addTo(map);

  function line(points) {
    return L.polyline(points, { color: "#c9d2da", weight: 1, interactive: false });
  }

  function label(at, text) {
    return L.marker(at, { interactive: false, keyboard: false, icon: L.divIcon({ className: "cd-degree", html: "", iconSize: null }) })
      .on("add", function (event) { event.target.getElement().textContent = text; });
  }

  function draw() {
    const seen = map.getBounds();
    const wide = Math.max(seen.getEast() - seen.getWest(), 0.001);
    const step = STEPS.find(function (each) { return wide / each >= 3; }) || 0.0005;
    const digits = Math.max(0, Math.ceil(-Math.log10(step)));
    const south = Math.max(seen.getSouth(), -85), north = Math.min(seen.getNorth(), 85);
    grid.clearLayers();
    for (let x = Math.ceil(seen.getWest() / step) * step; x < seen.getEast(); x += step) {
      grid.addLayer(line([[south, x], [north, x]])).addLayer(label([south, x], x.toFixed(digits) + "°"));
    }
    for (let y = Math.ceil(south / step) * step; y < north; y += step) {
      grid.addLayer(line([[y, seen.getWest()], [y, seen.getEast()]])).addLayer(label([y, seen.getWest()], y.toFixed(digits) + "°"));
    }
  }

  function tiles() {
    const Ask = L.Control.extend({
      onAdd: function () {
        const button = L.DomUtil.create("button", "cd-map-button");
        button.type = "button";
        button.textContent = settings.ask;
        L.DomEvent.disableClickPropagation(button);
        button.addEventListener("click", function () {
          L.tileLayer(settings.tiles, { attribution: L.Util.template("{said}", { said: settings.attribution }), maxZoom: 18 }).addTo(map);
          map.removeLayer(grid);
          button.remove();
          element.focus();
        });
        return button;
      }
    });
    map.addControl(new Ask({ position: "topright" }));
  }

  map.on("moveend", function () { if (map.hasLayer(grid)) { draw(); } });
  if (settings.tiles) { tiles(); }
  return map;
};
