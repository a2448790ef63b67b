// A machine on which the native parts of some packages are missing: node --require withoutPackages.cjs
const Module = require("node:module");
const missing = new RegExp(process.env.MHO_TEST_MISSING);
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (!missing.test(request)) return resolve.call(this, request, ...rest);
  throw Object.assign(new Error(`Cannot find module '${request}'`), { code: "MODULE_NOT_FOUND" });
};
