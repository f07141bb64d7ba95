// The payment of the bench, its body built for each request and its answer checked, closed or at an arrival rate.
import http from "k6/http";
import { check } from "k6";
import exec from "k6/execution";

const users = Number(__ENV.PLIMSOLL_BENCH_CONNECTIONS || 32);
const duration = `${__ENV.PLIMSOLL_BENCH_SECONDS || 5}s`;
const rate = Number(__ENV.PLIMSOLL_BENCH_RATE || 20000);

export const options = {
  scenarios: {
    pay:
      __ENV.MODEL === "open"
        ? { executor: "constant-arrival-rate", rate, timeUnit: "1s", duration, preAllocatedVUs: users, maxVUs: users }
        : { executor: "constant-vus", vus: users, duration },
  },
  summaryTrendStats: ["med", "p(99)"],
};

export default function () {
  const n = exec.scenario.iterationInTest;
  const body = JSON.stringify({ order_no: `r0bench-${n}p`, payer: `99${n % 1000}`, amount: 1250, currency: "CNY" });
  const answer = http.post(__ENV.PLIMSOLL_BENCH_URL, body, { headers: { "content-type": "application/json" } });
  check(answer, { paid: (r) => r.status === 200 && r.json("status") === "SUCCEEDED" });
}
