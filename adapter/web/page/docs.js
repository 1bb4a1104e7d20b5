// Shows the API's description with Swagger UI, all of it served from here.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, docExpansion: "list", validatorUrl: null });
});
