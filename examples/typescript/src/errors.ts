// What can go wrong, each as a class of its own.

import type { RuntimeError } from "./generated/types.js";

/** The parent of all errors of this package. */
export class YoiError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * The Runtime refused the request. It has left no trace, unless the error is `store_failed` with
 * `certain: false`: then the same request with the same idempotency key tells what became of it.
 */
export class Refused extends YoiError {
  constructor(
    /** The Runtime's own error. One of a later version has a `code` that is none of the known ones. */
    readonly error: RuntimeError,
  ) {
    super(error.message);
  }

  get code(): RuntimeError["code"] {
    return this.error.code;
  }

  /** Whether and when the same request may succeed. */
  get retry(): RuntimeError["retry"] {
    return this.error.retry;
  }
}

/** The server said what the protocol does not allow, or refused a message as none. */
export class ProtocolError extends YoiError {
  constructor(
    message: string,
    /** JSON-RPC's code, such as -32601 for a method that the server does not know. */
    readonly code?: number,
  ) {
    super(message);
  }
}

/** No reply came in time. The request may have been carried out all the same. */
export class TimedOut extends YoiError {
  constructor(
    readonly method: string,
    readonly timeoutMs: number,
  ) {
    super(`${method}: no reply within ${timeoutMs} ms`);
  }
}

/** So much waits already that nothing more is sent. */
export class Overloaded extends YoiError {}

/** The program could not be started: not found, not executable. */
export class ServerNotFound extends YoiError {
  constructor(
    readonly program: string,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`cannot start \`${program}\`: ${why}`, { cause });
  }
}

/** How a process ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The server's process has ended, so no reply and no item will come. */
export class ServerGone extends YoiError {
  readonly exit: Exit;

  constructor(
    exit: Exit,
    /** The end of what the process wrote to stderr. */
    readonly stderr: string,
  ) {
    const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
    const said = stderr.trim();
    super(`the server has ended with ${how}${said && `; the end of its stderr:\n${said}`}`);
    this.exit = exit;
  }
}
