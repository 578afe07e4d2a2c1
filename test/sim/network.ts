import { answer } from '#bus/answer.js';
import { type Bus, NobodyAnswers, type ReplyEnvelope } from '#bus/bus.js';
import { readReply } from '#bus/read-reply.js';
import type { Contract, Service } from '#contracts/contract.js';
import { CountersignError } from '#core/errors.js';

export type Handler = (request: unknown) => unknown;

/** One process of a service. After its death nothing of it is heard any more, and nothing reaches it. */
export interface Node {
  readonly service: Service;
  alive: boolean;
  handlers: ReadonlyMap<string, Handler>;
}

export interface Delivery {
  /** Replies of an upstream are part of no bus: they are neither lost nor doubled. */
  readonly kind: 'request' | 'reply' | 'upstream';
  /** `pick` chooses among the replicas that answer. */
  run(pick: number): void;
}

export type Fault = 'none' | 'lost' | 'twice';

/** The bus of many processes whose messages the test delivers, one by one and in any order, or loses, or doubles. */
export class Network {
  readonly pending: Delivery[] = [];
  readonly bugs: unknown[] = [];
  private readonly nodes: Node[] = [];

  join(node: Node): Bus {
    this.nodes.push(node);
    return {
      request: (contract, request) => this.request(node, contract, request),
      close: async () => undefined,
    };
  }

  deliver(at: number, fault: Fault, pick: number): void {
    const [delivery] = this.pending.splice(at, 1);
    if (delivery === undefined) return;
    const isOnBus = delivery.kind !== 'upstream';
    if (fault === 'lost' && isOnBus) return;
    if (fault === 'twice' && isOnBus) this.pending.push(delivery);
    delivery.run(pick);
  }

  private request<Request, Reply>(
    from: Node,
    contract: Contract<Request, Reply>,
    request: Request,
  ): Promise<Reply> {
    if (!from.alive) return new Promise(() => undefined);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new CountersignError(contract.unavailable, 'no answer in time')),
        contract.deadline_ms,
      );
      const settle = (read: () => Reply): void => {
        clearTimeout(timer);
        try {
          resolve(read());
        } catch (error) {
          reject(error);
        }
      };
      this.pending.push({
        kind: 'request',
        run: (pick) =>
          this.carry(contract, request, pick, (envelope) => {
            if (!from.alive) return;
            settle(() => {
              if (envelope === undefined) throw new NobodyAnswers(contract.unavailable);
              return readReply(contract, envelope);
            });
          }),
      });
    });
  }

  /** To one replica, and its reply back; undefined when there is none. */
  private carry<Request, Reply>(
    { answeredBy, subject }: Contract<Request, Reply>,
    request: Request,
    pick: number,
    settle: (envelope: ReplyEnvelope | undefined) => void,
  ): void {
    const replicas = this.nodes.filter(({ alive, service }) => alive && service === answeredBy);
    const node = replicas[pick % replicas.length];
    if (node === undefined) {
      settle(undefined);
      return;
    }
    void answer(subject, node.handlers.get(subject) as never, request, (_, error) => {
      if (node.alive) this.bugs.push(error);
    }).then((envelope) => {
      if (node.alive) this.pending.push({ kind: 'reply', run: () => settle(envelope) });
    });
  }
}
