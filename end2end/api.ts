import { randomBytes } from "node:crypto";

import type { Daybook } from "./daybook";

/** An event or a command on the wire. */
export interface Typed {
  type: string;
  data: Record<string, unknown>;
}

export interface ChangeSet {
  version: number;
  command_id: string;
  causation_id: string | null;
  hash: string;
  recorded_at: string;
  command: Typed;
  events: Typed[];
  actor: string;
}

export interface ItemState {
  sku: string;
  name: string;
  unit: string;
  on_hand: number;
  max_quantity: number | null;
  reorder_level: number | null;
  active: boolean;
}

/** The data of a new item. Omitted fields get generated values. */
export interface NewItem {
  id?: string;
  sku?: string;
  name?: string;
  unit?: string;
  max_quantity?: number;
  /** The quantity to check in right after the creation, as version 2. */
  on_hand?: number;
}

export interface Item {
  id: string;
  sku: string;
  name: string;
}

/** The HTTP interface, with which a test prepares its data before it looks at a page. */
export class Api {
  readonly #daybook: Daybook;

  constructor(daybook: Daybook) {
    this.#daybook = daybook;
  }

  /** Sends one command to an item, with the fields of `more`. Throws unless it is accepted. */
  async command(id: string, type: string, data: object = {}, more: object = {}): Promise<void> {
    const body = { command_id: uuidv7(), aggregate: { kind: "inventory-item", id }, command: { type, data }, ...more };
    const answer = await fetch(`${this.#daybook.url}/api/v1/commands`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.status !== 201) {
      throw new Error(`${type}: ${answer.status} ${await answer.text()}`);
    }
  }

  async createItem({ id = uuidv7(), on_hand, ...given }: NewItem = {}): Promise<Item> {
    const sku = given.sku ?? newSku();
    const name = given.name ?? `Widget ${id.slice(-8)}`;
    await this.command(id, "CreateInventoryItem", { unit: "pcs", ...given, sku, name });
    if (on_hand !== undefined) {
      await this.command(id, "CheckInItems", { quantity: on_hand });
    }
    return { id, sku, name };
  }

  async state(id: string): Promise<ItemState> {
    return (await this.#get<{ state: ItemState }>(id)).state;
  }

  async changeSets(id: string): Promise<ChangeSet[]> {
    return (await this.#get<{ change_sets: ChangeSet[] }>(`${id}/change-sets`)).change_sets;
  }

  /** Returns whether the server's verification finds the whole history unaltered. */
  async isVerified(id: string): Promise<boolean> {
    return (await this.#get<{ ok: boolean }>(`${id}/verification`)).ok;
  }

  async #get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.#daybook.url}/api/v1/aggregates/inventory-item/${path}`);
    if (!answer.ok) {
      throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    }
    return (await answer.json()) as T;
  }
}

/** Creates `count` items whose names start with `mark`; returns the names in order. */
export async function createMany(api: Api, mark: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, k) => `${mark} ${String(k).padStart(3, "0")}`);
  await Promise.all(names.map((name) => api.createItem({ name })));
  return names;
}

/** A SKU that no item has yet, because two items can never share one. */
export function newSku(): string {
  return `SKU-${uuidv7().slice(-12)}`;
}

/** A new UUID of version 7 (RFC 9562, section 5.7): 48 bits of time, then random bits. */
export function uuidv7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
