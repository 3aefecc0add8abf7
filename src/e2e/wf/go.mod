module inet.af/wf

go 1.26.0
