import type { AccessContext } from '../domain/access-event.js';
import type { PrincipalKind } from '../domain/principal.js';

/**
 * A request that was turned away before its endpoint did anything. Of one caller and code there is one such record a minute
 * at most; the counts of all records together are all refusals.
 */
export interface RefusalEvent extends AccessContext {
  readonly event: 'refusal';
  /** Null where nobody is known yet, and for several callers. */
  readonly subject: string | null;
  readonly kind: PrincipalKind | null;
  /** Method and pattern of the path, e.g. `GET /v1/groups/:id`: never what stood in it. `*` for what has no endpoint. */
  readonly endpoint: string;
  readonly decision: 'refused';
  readonly code: string;
  /** Refusals that this record stands for, its own included. */
  readonly count: number;
  /** `several`: there were so many callers that they are counted together; the rest is of the last of them. */
  readonly callers: 'one' | 'several';
}

/** What the gateway does by itself: the rules that it takes, its start and its stop. */
export type GatewayEvent = AccessContext &
  (
    | {
        readonly event: 'policy';
        readonly action: 'load';
        /** Name of the source that the policy is about. */
        readonly source: string;
        /** `sha256:…` of the file; null where it cannot be read. */
        readonly version: string | null;
        /** What is unwise and was accepted. */
        readonly warnings: number;
        /** Lines of the file that are wrong, as `file:line: message`; the first twenty. */
        readonly reasons: readonly string[];
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        /** Promoted questions of a tenant were held against the policy anew, and some changed their standing by it. */
        readonly event: 'policy';
        readonly action: 'recheck';
        readonly source: string;
        /** `sha256:…` of the file. */
        readonly version: string;
        /** How many fit no more. */
        readonly broken: number;
        /** How many fit again. */
        readonly mended: number;
        /** `verified:3: why`; the first twenty. */
        readonly reasons: readonly string[];
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'gateway';
        readonly action: 'start';
        /** Of this program. */
        readonly version: string;
        /** What it runs on, e.g. `node` and `source`; null where that is not known yet. */
        readonly engines: Readonly<Record<string, string | null>>;
        /** What an operator allowed beside the rules, e.g. rights of the source's accounts that are too wide. */
        readonly reasons: readonly string[];
        readonly decision: 'accepted' | 'refused';
        readonly code: string | null;
      }
    | {
        readonly event: 'gateway';
        readonly action: 'stop';
        readonly version: string;
        /** e.g. `signal`. */
        readonly reasons: readonly string[];
        /** False where requests were cut off. */
        readonly clean: boolean;
        readonly decision: 'accepted';
        readonly code: null;
      }
    | {
        /** Records can be written again. */
        readonly event: 'gateway';
        readonly action: 'gap';
        /** Records of this process that could not be written before: what they would have told may have been done. */
        readonly missing: number;
        readonly decision: 'failed';
        readonly code: 'AUDIT_UNAVAILABLE';
      }
  );
