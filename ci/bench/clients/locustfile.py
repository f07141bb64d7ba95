"""The payment of the bench, its body built for each request and its answer checked."""

import itertools

from locust import FastHttpUser, constant, task

numbers = itertools.count()


class Payer(FastHttpUser):
    wait_time = constant(0)

    @task
    def pay(self):
        n = next(numbers)
        order = {"order_no": f"r0bench-{n:07}p", "payer": f"99{n % 1000}", "amount": 1250, "currency": "CNY"}
        with self.client.post("/v1/payments", json=order, catch_response=True) as answer:
            if answer.status_code != 200 or answer.json().get("status") != "SUCCEEDED":
                answer.failure("not as expected")
