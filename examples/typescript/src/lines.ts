// Cuts a stream of bytes into lines, in bounded memory.

/** Collects the pieces of a line until it is whole. A line of more than `maxBytes` is skipped. */
export class Lines {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: (start: string) => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #skipping = false;

  constructor(maxBytes: number, onLine: (line: string) => void, onTooLong: (start: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end; (end = chunk.indexOf(10, start)) !== -1; start = end + 1) {
      this.#add(chunk.subarray(start, end));
      if (!this.#skipping) this.#onLine(Buffer.concat(this.#pieces).toString("utf8"));
      this.#clear();
      this.#skipping = false;
    }
    this.#add(chunk.subarray(start));
  }

  #add(piece: Buffer): void {
    if (this.#skipping || piece.length === 0) return;
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes > this.#maxBytes) {
      this.#onTooLong(Buffer.concat(this.#pieces).toString("utf8", 0, 200));
      this.#clear();
      this.#skipping = true;
    }
  }

  #clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }
}
