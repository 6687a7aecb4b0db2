"""How a raw line becomes a typed event: functions from DataFrame to DataFrame, without input, output or actions."""
