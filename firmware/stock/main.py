import app_boot

app_boot.run()
