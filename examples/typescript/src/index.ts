// What the package gives.

export { Yoi, type Method, type Params, type Reply, type YoiOptions } from "./client.js";
export {
  Overloaded,
  ProtocolError,
  Refused,
  ServerGone,
  ServerNotFound,
  TimedOut,
  YoiError,
  type Exit,
} from "./errors.js";
export type { Methods } from "./generated/methods.js";
export type * from "./generated/types.js";
export type { CallOptions } from "./rpc.js";
export type { Stream } from "./stream.js";
