/* A map to move about in, in place of the drawing that the server made. The list beside it says the same. */
(function () {
  "use strict";

  const element = document.getElementById("map");
  const features = JSON.parse(document.getElementById("map-features").textContent);
  if (!element || !window.L) { return; }
  element.textContent = "";
  element.classList.add("cd-opened");
  const map = window.communityMap(element, element.dataset);
  const layers = [];

  function describe(feature) {
    const said = feature.properties;
    return said.exact ? said.name + " · " + said.exact : said.name;
  }

  features.features.forEach(function (feature) {
    const layer = L.geoJSON(feature, {
      style: { color: "#0b5a6f", weight: 2, fillOpacity: 0.25 },
      pointToLayer: function (_feature, at) { return L.circleMarker(at, { radius: feature.properties.radius || 6 }); }
    });
    const words = document.createElement("span");
    words.textContent = describe(feature);
    layer.bindTooltip(words, { direction: "top", sticky: true });
    layers.push(layer.addTo(map));
  });
  map.fitBounds(L.featureGroup(layers).getBounds().pad(0.2), { maxZoom: 16, animate: false });

  document.querySelectorAll("[data-outline]").forEach(function (item) {
    const layer = layers[Number(item.dataset.outline)];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-secondary";
    button.textContent = element.dataset.show;
    button.setAttribute("aria-label", element.dataset.show + ": " + describe(features.features[Number(item.dataset.outline)]));
    button.addEventListener("click", function () {
      map.fitBounds(layer.getBounds().pad(0.5), { maxZoom: 16, animate: false });
      layer.openTooltip(layer.getBounds().getCenter());
      element.focus();
    });
    item.append(" ", button);
  });

  const link = document.createElement("a");
  link.className = "cd-search-here";
  link.textContent = element.dataset.here;
  element.after(link);
  map.on("moveend", function () {
    const seen = map.getBounds();
    const edges = [Math.max(seen.getWest(), -180), Math.max(seen.getSouth(), -90), Math.min(seen.getEast(), 180), Math.min(seen.getNorth(), 90)];
    link.href = element.dataset.search + "?ext_bbox=" + edges.map(function (edge) { return edge.toFixed(4); }).join(",");
  });
  map.fire("moveend");
}());
