import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const TABLE = {
  TableName: "daybook",
  TableStatus: "ACTIVE",
  KeySchema: [
    { AttributeName: "pk", KeyType: "HASH" },
    { AttributeName: "sk", KeyType: "RANGE" },
  ],
  AttributeDefinitions: [
    { AttributeName: "pk", AttributeType: "S" },
    { AttributeName: "sk", AttributeType: "S" },
  ],
};

/** A DynamoDB with an empty table: enough for a server to start on, and to lose. */
export class EmptyStore {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<EmptyStore> {
    const server = createServer((request, response) => {
      const isDescription = String(request.headers["x-amz-target"]).endsWith(".DescribeTable");
      const answer = isDescription ? { Table: TABLE } : { Items: [], Count: 0, ScannedCount: 0 };
      request.resume().once("end", () => {
        response.setHeader("content-type", "application/x-amz-json-1.0");
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new EmptyStore(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Stops answering. */
  async leave(): Promise<void> {
    const left = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await left;
  }
}
