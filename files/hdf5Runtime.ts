/**
 * HDF5 on WebAssembly: the build makes one file of this module and what it imports, so that an installed mho does not carry the
 * package's builds for browsers.
 */
export { Dataset, type Entity, File, Group, Module, ready } from "h5wasm/node";
