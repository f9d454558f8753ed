import { EventEmitter } from 'node:events';

/** Messages are plain objects with the fields of `doorstep/v1/client.proto` in camel case; enums are their names. */
export type Message = { [field: string]: any };

/** Canonical status codes by name. UNAVAILABLE and DEADLINE_EXCEEDED: call again later; see doorstep.h for the others. */
export type Code =
  | 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED'
  | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS' | 'UNAUTHENTICATED';
export const CODES: Code[];

/** The core could not do what it was asked. The message names field and bound. */
export class DoorstepError extends Error {
  readonly code: Code;
}

export interface Reading {
  /** Unix time. */
  wallTimeUs: number;
  /** Runs while the phone sleeps; begins anew with each boot. */
  monotonicUs: number;
  /** -50400 to 50400. */
  utcOffsetS: number;
  /** 1 to 36 bytes; another with each boot. */
  bootId: string;
}

/** One unary call for the host to carry. */
export interface Call {
  id: string;
  /** "/doorstep.v1.SyncService/Push" */
  method: string;
  /** For the metadata "authorization"; empty: none. Secret. */
  authorization: string;
  request: Buffer;
  deadlineMs: number;
  /** Ends it. Once; later ones are ignored. */
  succeed(response: Uint8Array): void;
  fail(code: Code, message?: string): void;
}

export interface Transport {
  /** Begins a call and returns at once. */
  start(call: Call): void;
  /** Nobody waits for the call any more. */
  cancel?(id: string): void;
}

/** One thing that the core did and what it took: doorstep.h says what each is. More may be added. */
export interface Metric {
  what: 'open' | 'append' | 'call' | 'wake' | string;
  /** Of a call, "/doorstep.v1.SyncService/Push"; else empty. */
  method: string;
  /** How it ended. */
  code: Code;
  durationUs: number;
  /** Of a call's messages, without what gRPC adds. */
  bytesUp: number;
  bytesDown: number;
}

/** A key of the host's, in the phone's secure hardware. */
export interface Signer {
  algorithm: 'P256' | 'ED25519';
  /** P256: the uncompressed point, 65 bytes; ED25519: 32 bytes. */
  publicKey: Uint8Array;
  /** P256: ECDSA with SHA-256, as ASN.1 DER; ED25519: 64 bytes. Null: none now, and entries wait. */
  sign: (message: Uint8Array) => Uint8Array | null;
}

/**
 * What a callback throws goes to `log`: a key that throws fails the opening, a clock is of an unknown boot then, and a call
 * that the transport did not begin ends as INTERNAL.
 */
export interface Options {
  /** Path of libdoorstep.so. */
  library: string;
  /** Folder that has doorstep/v1: share/doorstep/proto of an installed core. */
  protos: string;
  /** An existing folder for this core's files alone. One core at a time. */
  directory: string;
  /** Carries the calls over the host's gRPC. */
  transport?: Transport;
  /** In its place: the core's own gRPC, without TLS, to a loopback address; UNIMPLEMENTED where the library has none. */
  builtInTransport?: string;
  /** In place of the system's clocks. */
  clock?: () => Reading;
  /** 32 bytes: files are encrypted with them. */
  key?: () => Uint8Array | null;
  /** What the core sends is signed with it; without one the core makes a key of its own. */
  signer?: Signer;
  log?: (level: 'debug' | 'info' | 'warning' | 'error', line: string) => void;
  /** What the core does and what it took. */
  metrics?: (metric: Metric) => void;
  logLevel?: 'debug' | 'info' | 'warning' | 'error';
}

/**
 * One open phone. Recording needs no network. Calls that need none are done in the order in which they were made; `enrol`,
 * `syncOnce`, `prepareOffline` and `quiesce` wait beside them, each on a thread of libuv's pool (UV_THREADPOOL_SIZE, 4 by
 * default), so do not keep more than two of those waiting at once. Errors are DoorstepErrors.
 *
 * Emits `event` (a PhoneEvent) and `overflow` (more happened than was kept: read again what you show).
 */
export class DoorstepCore extends EventEmitter {
  static open(options: Options): Promise<DoorstepCore>;
  readonly version: string;
  enrol(request: Message): Promise<void>;
  signIn(technicianId: string): Promise<Message>;
  signOut(technicianId: string): Promise<Message>;
  /** Durable when it returns, with no network. */
  append(request: Message): Promise<Message>;
  entryStatus(position: Message): Promise<Message>;
  queue(request?: Message): Promise<Message>;
  addAttachment(request: Message): Promise<Message>;
  attachments(request?: Message): Promise<Message>;
  readAttachment(request: Message): Promise<Message>;
  visits(request?: Message): Promise<Message>;
  visit(visitId: string): Promise<Message>;
  brief(accountId: string): Promise<Message>;
  syncOnce(budget?: Message): Promise<Message>;
  startSync(): Promise<void>;
  stopSync(): Promise<void>;
  prepareOffline(request?: Message): Promise<Message>;
  quiesce(deadlineMs?: number): Promise<Message>;
  /** A PhoneNotice without its prefix: "FOREGROUND". */
  tell(notice: string): Promise<void>;
  /**
   * By what the push service wakes this app, at every start and when it is another; null or '': nothing any more. The
   * office is told with the next contact. As good as a secret.
   */
  setPushToken(token: string | null): Promise<void>;
  status(): Promise<Message>;
  explain(request: Message): Promise<Message>;
  exportBundle(): Promise<Message>;
  /** Gives up what waits for the network and closes the files; what was recorded stays. Repeating it does nothing. */
  close(): Promise<void>;
}
