-- The request of the bench; wrk sends the same bytes every time.
wrk.method = "POST"
wrk.body = '{"order_no":"r0bench-0000001p","payer":"9900000001","amount":1250,"currency":"CNY"}'
wrk.headers["content-type"] = "application/json"
