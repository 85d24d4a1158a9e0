// What a client in TypeScript looks like: the compiler knows each variant, and what is left over is unknown.
import type {
  CreateWorker,
  RuntimeError,
  StopReason,
  StreamItem,
  UnknownRetry,
  UnknownRuntimeError,
  UnknownStreamItem,
} from "./generated.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function isType<A, B>(same: Same<A, B>): void {
  void same;
}

export function answer(item: StreamItem): string {
  switch (item.type) {
    case "text_delta":
      return item.text;
    case "turn_completed":
      return item.entry.text;
    case "worker_state_changed":
      return `${item.from} to ${item.to}`;
    case "ended":
      return item.reason;
    case "runtime_started":
    case "runtime_stopping":
    case "runtime_stopped":
    case "worker_created":
    case "worker_updated":
    case "worker_deleted":
    case "input_accepted":
    case "turn_started":
    case "turn_retrying":
    case "turn_failed":
    case "turn_cancelled":
    case "turn_lost":
    case "diagnostic":
    case "reasoning_delta":
    case "synced":
    case "gap":
    case "reset":
      return item.type;
    default:
      isType<typeof item, UnknownStreamItem>(true);
      return item.cursor ?? "";
  }
}

export function pauseMs(error: RuntimeError): number | undefined {
  if (error.code === "worker_busy") return error.started_at_ms;
  switch (error.retry.type) {
    case "after_ms":
      return error.retry.ms;
    case "never":
    case "after_change":
    case "same_request":
      return undefined;
    default:
      isType<typeof error.retry, UnknownRetry>(true);
      return undefined;
  }
}

export function unknownError(error: UnknownRuntimeError): string {
  return error.message;
}

export const request: CreateWorker = { type: "create_worker", display_name: "Ada" };
// A value of a later version is a text, and today's are offered by editors.
export const reasons: StopReason[] = ["end_turn", "of_later"];

// @ts-expect-error: a misspelt field
export const misspeltField: CreateWorker = { type: "create_worker", display_nmae: "Ada" };
// @ts-expect-error: a misspelt tag
export const misspeltTag: CreateWorker = { type: "create_wroker" };
// @ts-expect-error: an item has no such tag
export const isMisspelt = (item: StreamItem): boolean => item.type === "text_detla";
// @ts-expect-error: a field of another variant
export const isOther = (item: StreamItem): unknown => item.type === "gap" && item.text;
